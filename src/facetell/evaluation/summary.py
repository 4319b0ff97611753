"""All numbers of one model on one data set, and settings side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facetell import __version__
from facetell.evaluation.answers import Outcome, Trial
from facetell.evaluation.heatmaps import Looks
from facetell.evaluation.measures import measure, scored, share_called
from facetell.evaluation.slices import Slice, confusion, slices
from facetell.train.metrics import ReliabilityBin, auc, bootstrap, reliability
from facetell.verdict import ModelReference
from facetell.weights import Metric, ModelCard, Thresholds


@dataclass(frozen=True, slots=True)
class Moved:
    """How the answers of one setting differ from those of another, on the files that both scored.

    Attributes:
        reals, fakes: mean change of p_fake, signed; NaN without files of the class.
        size: mean change whatever its sign.
        called_else: share that is called something else.
    """

    reals: float
    fakes: float
    size: float
    called_else: float


@dataclass(frozen=True, slots=True)
class Row:
    """One setting or degradation, to be compared with others on the same files.

    Attributes:
        name: of it.
        files: with a probability.
        auc, low, high: video AUC with its 95 % interval.
        accuracy: at p_fake 0.5, of all files with a probability.
        false_positives: share of reals called fake.
        inconclusive: share of all.
        seconds: mean for a file with one thread; 0 if there is none.
        moved: against lossless copies of the same files; None if it is not of degraded files.
    """

    name: str
    files: int
    auc: float
    low: float
    high: float
    accuracy: float
    false_positives: float
    inconclusive: float
    seconds: float
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What an evaluation found.

    Attributes:
        data: what it was measured on, in words.
        model: which model judged.
        thresholds: of its card.
        frames: how many were taken of each file, or "all".
        facetell_version: of the program.
        interval_by: what intervals are taken over: "source" or "original".
        files, reals, fakes, sources: how many, whether or not they got a probability.
        metrics: the numbers.
        confusion: truth → label → files.
        reliability: bins of equal number.
        slices: parts of the data set.
        by_frames: the same files with other numbers of frames.
        robustness: the same files degraded.
        heatmaps: whether the model looks where something was changed.
    """

    data: str
    model: ModelReference
    thresholds: Thresholds
    frames: str
    facetell_version: str
    interval_by: str
    files: int
    reals: int
    fakes: int
    sources: int
    metrics: tuple[Metric, ...]
    confusion: dict[str, dict[str, int]]
    reliability: tuple[ReliabilityBin, ...]
    slices: tuple[Slice, ...]
    by_frames: tuple[Row, ...] = ()
    robustness: tuple[Row, ...] = ()
    heatmaps: tuple[Looks, ...] = ()

    def metric(self, name: str) -> Metric | None:
        """Return a number by its name, None if it could not be measured."""
        return next((metric for metric in self.metrics if metric.name == name), None)


@dataclass(frozen=True, slots=True)
class Tables:
    """What is set beside the numbers of one trial; see `Summary`."""

    by_frames: tuple[Row, ...] = ()
    robustness: tuple[Row, ...] = ()
    heatmaps: tuple[Looks, ...] = ()


def summarise(
    outcomes: Sequence[Outcome],
    card: ModelCard,
    trial: Trial,
    data: str,
    tables: Tables,
) -> Summary:
    """Sum up one trial, and put tables of others beside it."""
    rows = scored(outcomes)
    fakes = sum(o.media.is_fake for o in outcomes)
    bins = reliability(rows.is_fake, rows.p_fake) if rows.outcomes else []
    return Summary(
        data=data,
        model=ModelReference.of(card),
        thresholds=card.thresholds,
        frames=str(trial.frames),
        facetell_version=__version__,
        interval_by=rows.groups_are,
        files=len(outcomes),
        reals=len(outcomes) - fakes,
        fakes=fakes,
        sources=len({o.media.source for o in outcomes}),
        metrics=measure(outcomes, data),
        confusion=confusion(outcomes),
        reliability=tuple(bins),
        slices=tuple(slices(outcomes)),
        by_frames=tables.by_frames,
        robustness=tables.robustness,
        heatmaps=tables.heatmaps,
    )


def moved(before: Sequence[Outcome], after: Sequence[Outcome]) -> Moved | None:
    """Set two runs over the same files side by side; None if no file has a probability in both."""
    pairs = [
        (a, b)
        for a, b in zip(before, after, strict=True)
        if a.answer.p_fake is not None and b.answer.p_fake is not None
    ]
    if not pairs:
        return None
    change = np.array([(b.answer.p_fake or 0.0) - (a.answer.p_fake or 0.0) for a, b in pairs])
    fake = np.array([a.media.is_fake for a, _ in pairs])
    return Moved(
        reals=float(change[~fake].mean()) if not fake.all() else math.nan,
        fakes=float(change[fake].mean()) if fake.any() else math.nan,
        size=float(np.abs(change).mean()),
        called_else=float(np.mean([a.answer.label != b.answer.label for a, b in pairs])),
    )


def row_of(name: str, outcomes: Sequence[Outcome], copies: Sequence[Outcome] = ()) -> Row:
    """Sum up one setting in a line of a table; what cannot be measured is NaN.

    Args:
        name: of the setting.
        outcomes: of all files.
        copies: of the same files as they were before a degradation, if it is one.
    """
    rows = scored(outcomes)
    if not rows.outcomes:
        unknown = math.nan
        return Row(name, 0, unknown, unknown, unknown, unknown, unknown, unknown, 0.0)
    fake = rows.is_fake.astype(np.float64)
    low, high = bootstrap(auc, fake, rows.p_fake, rows.groups)
    return Row(
        name=name,
        files=len(rows.outcomes),
        auc=auc(fake, rows.p_fake),
        low=low,
        high=high,
        accuracy=float(np.mean((rows.p_fake >= 0.5) == rows.is_fake)),
        false_positives=share_called(False, "fake")(fake, rows.called),
        inconclusive=float(np.mean(rows.called == 0)),
        seconds=float(np.mean([o.answer.elapsed_s for o in rows.outcomes])),
        moved=moved(copies, outcomes) if copies else None,
    )
