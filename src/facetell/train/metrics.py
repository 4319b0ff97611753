"""Numbers that tell how good scores are; 1 is fake everywhere. Plain numpy.

Names and definitions are those of scikit-learn where it has them, and tests compare the two. Where
a class is missing, what needs both is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def auc(is_fake: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Area under the ROC curve: how often a fake scores above a real (ties count half).

    1 means perfect, 0.5 chance. NaN where one class is missing.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    fake = np.asarray(is_fake, bool)
    values = np.asarray(scores, np.float64)
    if fake.all() or not fake.any():
        return float("nan")
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]  # ties share their mean rank
    positives = int(fake.sum())
    wins = ranks[fake].sum() - positives * (positives + 1) / 2
    return float(wins / (positives * (len(fake) - positives)))


def bootstrap(
    measure: Callable[[Array, Array], float],
    is_fake: npt.ArrayLike,
    scores: npt.ArrayLike,
    groups: Sequence[str] | None = None,
    rounds: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of a measure over resampled groups.

    Args:
        measure: of labels and scores, for example `auc`.
        is_fake: (N,), 1 means fake.
        scores: (N,).
        groups: what belongs together (a person, a source) and is drawn together; each item
            alone by default.
        rounds: how many resamples.
        seed: of the draws.
    """
    labels, values = np.asarray(is_fake, np.float64), np.asarray(scores, np.float64)
    names = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    return interval([measure(labels[d], values[d]) for d in _draws(names, rounds, seed)])


def paired_bootstrap(
    measure: Callable[[Array, Array], float],
    is_fake: npt.ArrayLike,
    scores: tuple[npt.ArrayLike, npt.ArrayLike],
    groups: Sequence[str],
    rounds: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of a measure's second value less its first, on the same resamples.

    Args:
        measure: of labels and scores.
        is_fake: (N,), 1 means fake.
        scores: of two models on the same N items.
        groups: what is drawn together.
        rounds: how many resamples.
        seed: of the draws.
    """
    labels = np.asarray(is_fake, np.float64)
    first, second = (np.asarray(s, np.float64) for s in scores)
    names = np.unique(groups, return_inverse=True)[1]
    drawn = _draws(names, rounds, seed)
    return interval([measure(labels[d], second[d]) - measure(labels[d], first[d]) for d in drawn])


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the middle 95 % of resampled values; those that are not a number are left out."""
    kept = [value for value in values if not np.isnan(value)]
    if not kept:
        return float("nan"), float("nan")
    low, high = np.percentile(kept, [2.5, 97.5])
    return float(low), float(high)


def _draws(names: npt.NDArray[np.int64], rounds: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the items of resampled groups, one array a round: all at once would fill the memory."""
    members = [np.flatnonzero(names == g) for g in range(int(names.max()) + 1)]
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        yield np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))])


def source_auc(is_fake: npt.ArrayLike, scores: npt.ArrayLike, sources: Sequence[str]) -> float:
    """Return the AUC in which every source weighs the same, however many clips it has.

    Many sources hold only reals or only fakes, so an AUC inside each is not to be had: here each
    clip's weight is one over its source's clips of the same class.
    """
    fake, values = np.asarray(is_fake, bool), np.asarray(scores, np.float64)
    if fake.all() or not fake.any():
        return float("nan")
    keys = [f"{s}/{f}" for s, f in zip(sources, fake, strict=True)]
    _, key, count = np.unique(keys, return_inverse=True, return_counts=True)
    weight = 1.0 / count[key]
    place = np.unique(values, return_inverse=True)[1]
    reals, fakes = (np.bincount(place, weight * side) for side in (~fake, fake))
    below = np.cumsum(reals) - reals / 2  # equal scores count half
    return float((fakes * below).sum() / (fakes.sum() * reals.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Error rates at every threshold, from calling nothing fake to calling all fake.

    Attributes:
        thresholds: falling, the first infinite, (K,); at or above one is called fake.
        false_positive: share of reals called fake, (K,).
        true_positive: share of fakes called fake, (K,).
        precision: share of fakes among what is called fake, 1 where that is nothing, (K,).
    """

    thresholds: Array
    false_positive: Array
    true_positive: Array
    precision: Array


def curve(is_fake: npt.ArrayLike, scores: npt.ArrayLike) -> Curve:
    """Return the points of the ROC and of the precision-recall curve; both classes are needed."""
    fake, values = np.asarray(is_fake, bool), np.asarray(scores, np.float64)
    order = np.argsort(-values, kind="stable")
    last = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))  # of equal scores
    hits = np.append(0, np.cumsum(fake[order])[last]).astype(np.float64)
    called = np.append(0, last + 1).astype(np.float64)
    return Curve(
        np.append(np.inf, values[order][last]),
        (called - hits) / (~fake).sum(),
        hits / fake.sum(),
        np.where(called > 0, hits / np.maximum(called, 1), 1.0),
    )


def average_precision(is_fake: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Area under the precision-recall curve, in steps; 1 is perfect, chance the share of fakes."""
    if not _both(is_fake):
        return float("nan")
    found = curve(is_fake, scores)
    return float((np.diff(found.true_positive) * found.precision[1:]).sum())


def equal_error_rate(is_fake: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Error rate where as large a share of reals is called fake as of fakes real; 0 is perfect.

    Between two points of the ROC curve it lies on their line.
    """
    if not _both(is_fake):
        return float("nan")
    found = curve(is_fake, scores)
    excess = found.false_positive + found.true_positive - 1  # rises from -1 to 1
    at = int(np.argmax(excess >= 0))
    share = -excess[at - 1] / (excess[at] - excess[at - 1])
    ends = found.false_positive[at - 1 : at + 1]
    return float(ends[0] + share * (ends[1] - ends[0]))


def true_positives_at(is_fake: npt.ArrayLike, scores: npt.ArrayLike, most: float) -> float:
    """Largest share of fakes found while at most `most` of the reals are called fake."""
    if not _both(is_fake):
        return float("nan")
    found = curve(is_fake, scores)
    return float(found.true_positive[found.false_positive <= most].max())


def brier_score(is_fake: npt.ArrayLike, p_fake: npt.ArrayLike) -> float:
    """Mean squared distance of probability and truth: 0 is perfect, 0.25 always saying 0.5."""
    return float(np.mean((np.asarray(p_fake, np.float64) - np.asarray(is_fake, np.float64)) ** 2))


def log_loss(is_fake: npt.ArrayLike, p_fake: npt.ArrayLike) -> float:
    """Mean negative log likelihood: 0 is perfect, 0.69 always saying 0.5."""
    fake = np.asarray(is_fake, bool)
    p = np.clip(np.asarray(p_fake, np.float64), 1e-12, 1 - 1e-12)
    return float(-np.mean(np.where(fake, np.log(p), np.log1p(-p))))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Neighbours in probability: their mean p_fake, the share of fakes among them, their number."""

    p_fake: float
    fakes: float
    n: int


def reliability(
    is_fake: npt.ArrayLike, p_fake: npt.ArrayLike, bins: int = 10
) -> list[ReliabilityBin]:
    """Sort into bins of equal number, or fewer if there are fewer items."""
    fake, p = np.asarray(is_fake, np.float64), np.asarray(p_fake, np.float64)
    parts = np.array_split(np.argsort(p, kind="stable"), min(bins, len(p)))
    return [ReliabilityBin(float(p[k].mean()), float(fake[k].mean()), len(k)) for k in parts]


def calibration_error(is_fake: npt.ArrayLike, p_fake: npt.ArrayLike, bins: int = 10) -> float:
    """Expected calibration error (ECE): mean distance of a bin's p_fake from its share of fakes.

    0 is perfect. Few items make it large by chance alone: see `calibration_error_by_chance`.
    """
    found = reliability(is_fake, p_fake, bins)
    return sum(b.n * abs(b.p_fake - b.fakes) for b in found) / sum(b.n for b in found)


def calibration_error_by_chance(
    p_fake: npt.ArrayLike, bins: int = 10, rounds: int = 200, seed: int = 0
) -> float:
    """Return the ECE that perfectly calibrated probabilities would show on as many items.

    Labels are drawn from the probabilities themselves (consistency resampling: Bröcker and Smith,
    2007, doi:10.1175/WAF993.1). What the ECE has above it is the model's own.
    """
    p = np.asarray(p_fake, np.float64)
    rng = np.random.default_rng(seed)
    drawn = [calibration_error(rng.random(len(p)) < p, p, bins) for _ in range(rounds)]
    return float(np.mean(drawn))


def _both(is_fake: npt.ArrayLike) -> bool:
    fake = np.asarray(is_fake, bool)
    return bool(fake.any() and not fake.all())
