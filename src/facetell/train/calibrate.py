"""Video logits of labelled videos → calibration and thresholds for a model's card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facetell.weights import Calibration, Thresholds

Array = npt.NDArray[np.float64]

PRIOR_WEIGHT = 0.02
"""Pull of the slope towards 0: with few videos an unbounded fit is overconfident."""

SPAN = 0.02
"""Least distance between the two thresholds."""


@dataclass(frozen=True, slots=True)
class Aims:
    """What the thresholds promise on validation.

    Attributes:
        false_alarms: largest share of reals at or above the upper threshold.
        misses: largest share of fakes at or below the lower threshold.
    """

    false_alarms: float = 0.05
    misses: float = 0.10


def calibrate(logits: Array, is_fake: npt.NDArray[np.bool_]) -> Calibration:
    """Fit p_fake = sigmoid(slope * logit + intercept) (Platt 1999), both classes equally weighted.

    Args:
        logits: pooled over each video, (N,).
        is_fake: (N,).

    Raises:
        ValueError: there are too few of a class, or fakes do not score above reals.
    """
    if (~is_fake).sum() < 2 or not is_fake.any():  # one real tells nothing of their spread
        raise ValueError("calibration needs real and fake videos, two reals at least")
    slope, intercept = _fit(logits, is_fake.astype(np.float64))
    if slope <= 0:
        raise ValueError("fakes do not score above reals: nothing to calibrate")
    reals = logits[~is_fake]
    return Calibration(slope, intercept, float(reals.mean()), float(reals.std(ddof=1)))


def _fit(logits: Array, target: Array, rounds: int = 100) -> tuple[float, float]:
    """Newton's method on the weighted, regularised log loss."""
    centre, spread = float(logits.mean()), float(logits.std()) or 1.0
    design = np.stack([(logits - centre) / spread, np.ones_like(logits)], 1)
    weight = np.where(target > 0, 0.5 / target.mean(), 0.5 / (1 - target.mean()))
    penalty = np.diag([PRIOR_WEIGHT * len(logits), 1e-9])
    beta = np.zeros(2)
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (weight * (p - target)) + penalty @ beta
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, gradient)
        beta -= step
        if np.abs(step).max() < 1e-10:
            break
    slope = float(beta[0] / spread)
    return slope, float(beta[1] - slope * centre)


def choose_thresholds(p_fake: Array, is_fake: npt.NDArray[np.bool_], aims: Aims) -> Thresholds:
    """Choose the two thresholds by validation's own error rates.

    Args:
        p_fake: calibrated, of each video, (N,).
        is_fake: (N,).
        aims: the error rates to keep.

    Returns:
        Upper: the lowest that keeps the false alarms; lower: the highest that keeps the misses,
        yet below the upper and at most 0.5.
    """
    reals, fakes = np.sort(p_fake[~is_fake]), np.sort(p_fake[is_fake])
    allowed = int(aims.false_alarms * len(reals))  # reals that may stay above
    upper = float(np.nextafter(reals[len(reals) - 1 - allowed], 2))
    upper = min(max(upper, 0.5), 1.0)
    spared = int(aims.misses * len(fakes))  # fakes that may stay below
    lower = float(np.nextafter(fakes[spared], -1))
    lower = max(0.0, min(lower, 0.5, upper - SPAN))
    return Thresholds(fake=round(upper + 5e-4, 3), real=round(max(lower - 5e-4, 0.0), 3))
