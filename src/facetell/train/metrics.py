"""Numbers that tell how good scores are; 1 is fake everywhere. Plain numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    members = [np.flatnonzero(names == g) for g in range(int(names.max()) + 1)]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        drawn = np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))])
        found.append(measure(labels[drawn], values[drawn]))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return float(low), float(high)


def source_auc(is_fake: npt.ArrayLike, scores: npt.ArrayLike, sources: Sequence[str]) -> float:
    """Return the AUC in which every source weighs the same, however many clips it has.

    Many sources hold only reals or only fakes, so an AUC inside each is not to be had: here each
    clip's weight is one over its source's clips of the same class.
    """
    fake, values = np.asarray(is_fake, bool), np.asarray(scores, np.float64)
    keys = [f"{s}/{f}" for s, f in zip(sources, fake, strict=True)]
    _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
    weight = 1.0 / count[place]
    above = (values[fake][:, None] > values[~fake]) + 0.5 * (values[fake][:, None] == values[~fake])
    pairs = weight[fake][:, None] * weight[~fake]
    return float((above * pairs).sum() / pairs.sum())
