"""Outcomes on a validation part → a card's calibration, thresholds and measured numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facetell.ensemble import EnsembleCard
from facetell.errors import OutputError, UsageError
from facetell.evaluation.answers import Outcome
from facetell.evaluation.measures import Scored, measure, scored
from facetell.pooling import p_fake_of
from facetell.train.calibrate import Aims, calibrate, choose_thresholds
from facetell.train.dealing import deal_out
from facetell.verdict import label_of
from facetell.weights import Calibration, Metric, ModelCard, Thresholds

ON_CARD = ("video_auc", "frame_auc", "real called", "fake called", "calibration_error")
"""What a card lists: measures whose names begin so."""

RANKING = ("video_auc", "frame_auc")
"""Measures that a calibration does not change, since it keeps the order of files."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a card says about the meaning of its logits."""

    calibration: Calibration
    thresholds: Thresholds


def fit(outcomes: Sequence[Outcome], card: ModelCard, aims: Aims) -> Fit:
    """Fit calibration and thresholds to outcomes of the card as it is.

    Raises:
        UsageError: the files do not suffice, or the model cannot tell fakes from reals.
    """
    rows = scored(outcomes)
    logits = _logits(rows.p_fake, card.calibration)
    try:
        fitted = calibrate(logits, rows.is_fake)
    except ValueError as error:
        raise UsageError(f"{card.path}: cannot be calibrated on these files: {error}") from error
    p_fake = np.array([p_fake_of(logit, fitted) for logit in logits.tolist()])
    rounded = Calibration(
        slope=round(fitted.slope, 5),
        intercept=round(fitted.intercept, 5),
        real_mean=round(fitted.real_mean, 5),
        real_std=round(fitted.real_std, 5),
    )
    return Fit(rounded, choose_thresholds(p_fake, rows.is_fake, aims))


def recalibrated(outcomes: Sequence[Outcome], card: ModelCard, fitted: Fit) -> list[Outcome]:
    """Return what the outcomes would have been with another calibration and other thresholds."""
    return [_recalibrated(outcome, card, fitted) for outcome in outcomes]


def cross_fitted(
    outcomes: Sequence[Outcome], card: ModelCard, aims: Aims, folds: int
) -> list[Outcome]:
    """Return outcomes each calibrated on files of other sources only; see `Scored.groups`.

    Their error rates are what strangers' files have to expect; those of files that a calibration
    was fitted on are too good. Where the sources are few, originals are kept apart instead: else
    one source might be most of a class, and a fit without it would tell of nothing.

    Raises:
        UsageError: there are fewer sources or originals than folds, or a fold cannot be fitted.
    """
    places = [k for k, outcome in enumerate(outcomes) if outcome.answer.p_fake is not None]
    fold_of = dealt_folds(scored(outcomes), folds)
    found = list(outcomes)
    for fold in range(folds):
        others = [outcomes[k] for k, mine in zip(places, fold_of, strict=True) if mine != fold]
        if len(others) == len(places):
            continue
        fitted = fit(others, card, aims)
        for k, mine in zip(places, fold_of, strict=True):
            if mine == fold:
                found[k] = _recalibrated(outcomes[k], card, fitted)
    return found


def dealt_folds(rows: Scored, folds: int) -> list[int]:
    """Deal out what belongs together, so that each fold has its share of reals and of fakes."""
    names, group = np.unique(rows.groups, return_inverse=True)
    if len(names) < folds:
        raise UsageError(f"--folds {folds}: there are only {len(names)} {rows.groups_are}s")
    counts = np.zeros((len(names), 2))
    np.add.at(counts, (group, rows.is_fake.astype(np.int64)), 1)
    dealt = deal_out(counts, np.arange(len(names)), [1 / folds] * folds, seed=0)
    return [int(fold) for fold in dealt[group]]


def _recalibrated(outcome: Outcome, card: ModelCard, fitted: Fit) -> Outcome:
    answer = outcome.answer
    if answer.p_fake is None:
        return outcome
    values = np.array([answer.p_fake, *answer.frame_p_fake])
    p_fake, *frames = (
        p_fake_of(logit, fitted.calibration) for logit in _logits(values, card.calibration).tolist()
    )
    label = label_of(p_fake, fitted.thresholds)
    # Low, and yet not called real: the faces were seen too poorly, which stays so.
    poor = answer.label == "inconclusive" and answer.p_fake <= card.thresholds.real
    if poor and label == "real":
        label = "inconclusive"
    changed = replace(answer, p_fake=p_fake, frame_p_fake=tuple(frames), label=label)
    return replace(outcome, answer=changed)


def _logits(p_fake: npt.NDArray[np.float64], calibration: Calibration) -> npt.NDArray[np.float64]:
    """Undo a calibration."""
    p = np.clip(p_fake, 1e-12, 1 - 1e-12)
    logits: npt.NDArray[np.float64] = np.log(p / (1 - p))
    return (logits - calibration.intercept) / calibration.slope


def card_metrics(
    fitted: Sequence[Outcome], held_out: Sequence[Outcome] | None, on: str
) -> list[Metric]:
    """Choose the numbers that a card lists.

    Args:
        fitted: outcomes with the card's own calibration.
        held_out: the same files, cross-fitted; their error rates are taken if they are there.
        on: what the files are, in words.
    """
    metrics = [m for m in measure(fitted, on) if m.name.startswith(ON_CARD)]
    if held_out is None:
        return metrics
    ranking = [m for m in metrics if m.name.startswith(RANKING)]
    by = scored(held_out).groups_are
    told = f"{on}, cross-fitted" if by == "source" else f"{on}, cross-fitted by {by}"
    rates = measure(held_out, told)
    others = tuple(name for name in ON_CARD if name not in RANKING)
    return ranking + [m for m in rates if m.name.startswith(others)]


def check_calibratable(card: ModelCard, parts: set[str]) -> None:
    """Refuse what would make a card's numbers worthless.

    Raises:
        UsageError: the files are of a test part, or the card is that of an ensemble.
    """
    if isinstance(card, EnsembleCard):
        raise UsageError(f"{card.name}: calibrate its members one by one; it averages them")
    if "test" in parts:
        raise UsageError(
            "these files are of a test part: a model that is calibrated on them cannot be tested "
            "on them; give --part validation"
        )


def write_card(path: Path, metrics: Sequence[Metric], on: str, fitted: Fit | None = None) -> None:
    """Write measured numbers, and a calibration if there is one, into a card's file.

    Numbers that were measured on the same files before are replaced, all others kept.

    Args:
        path: of the card.
        metrics: the numbers.
        on: what they were measured on; older ones whose `on` begins so are dropped.
        fitted: calibration and thresholds; None leaves those of the card.

    Raises:
        OutputError: it cannot be written.
    """
    section = json.loads(path.read_text(encoding="utf-8"))
    kept = [old for old in section["metrics"] if old["on"].partition(", cross-fitted")[0] != on]
    section["metrics"] = kept + [asdict(m) for m in metrics if math.isfinite(m.value)]
    if fitted is not None:
        section["calibration"] = asdict(fitted.calibration)
        section["thresholds"] = asdict(fitted.thresholds)
    try:
        path.write_text(json.dumps(section, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from error
