"""Outcomes → numbers, each with its 95 % interval over what belongs together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facetell.evaluation.answers import Outcome
from facetell.evaluation.kinds import kind_of
from facetell.train.metrics import (
    Array,
    auc,
    average_precision,
    bootstrap,
    brier_score,
    calibration_error,
    calibration_error_by_chance,
    equal_error_rate,
    log_loss,
    source_auc,
    true_positives_at,
)
from facetell.weights import Metric

FEWEST_SOURCES = 5
"""Intervals over fewer sources than this mean nothing: then they are over originals."""

CALLED = {"fake": 1.0, "inconclusive": 0.0, "real": -1.0}
"""Labels as numbers, for measures of what was called what."""

Measure = Callable[[Array, Array], float]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The files that got a probability, as columns of N rows.

    Attributes:
        is_fake: bool, (N,).
        p_fake: 0–1, (N,).
        called: one of `CALLED`, (N,).
        sources: page or camera of each.
        originals: what each descends from.
        outcomes: the rows.
    """

    is_fake: npt.NDArray[np.bool_]
    p_fake: Array
    called: Array
    sources: list[str]
    originals: list[str]
    outcomes: list[Outcome]

    @property
    def groups(self) -> list[str]:
        """What intervals are taken over: sources, or originals if there are few sources."""
        return self.sources if len(set(self.sources)) >= FEWEST_SOURCES else self.originals

    @property
    def groups_are(self) -> str:
        """What `groups` are, for people."""
        return "source" if self.groups is self.sources else "original"


def scored(outcomes: Sequence[Outcome]) -> Scored:
    """Take the outcomes that have a probability."""
    rows = [o for o in outcomes if o.answer.p_fake is not None]
    return Scored(
        np.array([o.media.is_fake for o in rows], bool),
        np.array([o.answer.p_fake for o in rows], np.float64),
        np.array([CALLED[o.answer.label] for o in rows], np.float64),
        [o.media.source for o in rows],
        [f"{o.media.source}/{o.media.group or o.media.file}" for o in rows],
        rows,
    )


def _accuracy(fake: Array, p: Array) -> float:
    return float(np.mean((p >= 0.5) == (fake > 0)))


def _recall(fake: Array, p: Array) -> float:
    return float(np.mean(p[fake > 0] >= 0.5)) if (fake > 0).any() else math.nan


def _specificity(fake: Array, p: Array) -> float:
    return float(np.mean(p[fake < 1] < 0.5)) if (fake < 1).any() else math.nan


def _precision(fake: Array, p: Array) -> float:
    return float(np.mean(fake[p >= 0.5])) if (p >= 0.5).any() else math.nan


def _f1(fake: Array, p: Array) -> float:
    hits = float(((p >= 0.5) & (fake > 0)).sum())
    called = float((p >= 0.5).sum() + (fake > 0).sum())
    return 2 * hits / called if called else math.nan


BY_PROBABILITY: dict[str, Measure] = {
    "video_auc": auc,
    "average_precision": average_precision,
    "equal_error_rate": equal_error_rate,
    "fakes found at 1 % false alarms": lambda fake, p: true_positives_at(fake, p, 0.01),
    "fakes found at 5 % false alarms": lambda fake, p: true_positives_at(fake, p, 0.05),
    "accuracy at 0.5": _accuracy,
    "balanced accuracy at 0.5": lambda fake, p: (_recall(fake, p) + _specificity(fake, p)) / 2,
    "precision at 0.5": _precision,
    "recall at 0.5": _recall,
    "f1 at 0.5": _f1,
    "brier_score": brier_score,
    "log_loss": log_loss,
}
"""Of labels and p_fake, in the order in which they are reported."""


def share_called(is_fake: bool, label: str) -> Measure:
    """Return a measure of labels and `CALLED`: the share of one class that was called so."""

    def share(fake: Array, called: Array) -> float:
        chosen = called[(fake > 0) == is_fake]
        return float(np.mean(chosen == CALLED[label])) if len(chosen) else math.nan

    return share


def _accuracy_of_decided(fake: Array, called: Array) -> float:
    decided = called != 0
    return (
        float(np.mean((called > 0)[decided] == (fake > 0)[decided])) if decided.any() else math.nan
    )


BY_LABEL: dict[str, Measure] = {
    "accuracy of decided": _accuracy_of_decided,
    "called inconclusive": lambda _, called: float(np.mean(called == 0)),
    **{
        f"{truth} called {label}": share_called(truth == "fake", label)
        for truth in ("real", "fake")
        for label in CALLED
    },
}
"""Of labels and what was called."""


def measure(outcomes: Sequence[Outcome], on: str, rounds: int = 1000) -> tuple[Metric, ...]:
    """Compute all numbers of one data set.

    Args:
        outcomes: of all its files.
        on: what they were measured on, in words.
        rounds: resamples of each interval.

    Returns:
        Video measures first; what needs a class that is missing is left out.
    """
    rows = scored(outcomes)
    if not rows.outcomes:
        return ()
    found = [*_intervals(BY_PROBABILITY, rows, rows.p_fake, on, rounds)]
    found[1:1] = _more_auc(rows, on, rounds)
    # Without an interval: resampling repeats files, which makes a calibration error larger.
    for name, value in (
        ("calibration_error", calibration_error(rows.is_fake, rows.p_fake)),
        ("calibration_error by chance", calibration_error_by_chance(rows.p_fake)),
    ):
        found.append(_metric(name, value, None, len(rows.p_fake), on))
    found += _intervals(BY_LABEL, rows, rows.called, on, rounds)
    found += _by_kind(rows, on, rounds)
    return tuple(metric for metric in found if not math.isnan(metric.value))


def _intervals(
    measures: dict[str, Measure], rows: Scored, values: Array, on: str, rounds: int
) -> Iterator[Metric]:
    fake = rows.is_fake.astype(np.float64)
    for name, function in measures.items():
        counted = _counted(name, rows)
        ends = bootstrap(function, fake, values, rows.groups, rounds)
        yield _metric(name, function(fake, values), ends, counted, on)


def _counted(name: str, rows: Scored) -> int:
    """Return how many files a measure is of."""
    if name.startswith("real called"):
        return int((~rows.is_fake).sum())
    if name.startswith("fake called"):
        return int(rows.is_fake.sum())
    return int((rows.called != 0).sum()) if name.endswith("decided") else len(rows.is_fake)


def _more_auc(rows: Scored, on: str, rounds: int) -> Iterator[Metric]:
    fake, p, count = rows.is_fake, rows.p_fake, len(rows.p_fake)
    ends = bootstrap(auc, fake, p, rows.originals, rounds)
    yield _metric("video_auc, interval by original", auc(fake, p), ends, count, on)
    yield _metric("video_auc_by_source", source_auc(fake, p, rows.sources), None, count, on)
    frames = [o.answer.frame_p_fake for o in rows.outcomes]
    repeats = [len(f) for f in frames]
    groups = np.repeat(np.array(rows.groups), repeats).tolist()
    of_frame = np.repeat(fake, repeats), np.concatenate([np.array(f) for f in frames])
    ends = bootstrap(auc, *of_frame, groups, min(rounds, 300))
    yield _metric("frame_auc", auc(*of_frame), ends, len(of_frame[1]), on)


def _by_kind(rows: Scored, on: str, rounds: int) -> Iterator[Metric]:
    kinds = [kind_of(o) for o in rows.outcomes]
    found = sorted({kind for kind in kinds if kind})
    for kind in found if len(found) > 1 else ():  # a single one is the whole
        chosen = ~rows.is_fake | np.array([k == kind for k in kinds])
        fake, p = rows.is_fake[chosen], rows.p_fake[chosen]
        groups = [g for g, taken in zip(rows.groups, chosen, strict=True) if taken]
        ends = bootstrap(auc, fake, p, groups, rounds)
        yield _metric(f"video_auc {kind}", auc(fake, p), ends, int(fake.sum()), on)


def _metric(
    name: str, value: float, ends: tuple[float, float] | None, count: int, on: str
) -> Metric:
    if ends is None or any(map(math.isnan, ends)):
        return Metric(name, round(value, 4), None, None, count, on)
    return Metric(name, round(value, 4), round(ends[0], 4), round(ends[1], 4), count, on)
