"""How likely a label stays, if the picture goes on as it was: what grows while one watches.

The pooled logit is a mean of clips, known with the error scatter / sqrt(n). The certainty of a
label is the share of Normal(pooled logit, error) on its side of the thresholds. It speaks of this
very picture and model: a model that errs on somebody errs with great certainty.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from facetell.pooling import MIN_DECIDING_WEIGHT, MIN_SCATTER, Floats
from facetell.tally import Track
from facetell.verdict import Label, label_of
from facetell.weights import Calibration, ModelCard

INDEPENDENT_S = 2.0
"""Clips nearer than this count as one.

In 35 recordings of 5 s half the mean square difference of two clips' logits is 0.33 for those 0.6 s
apart, 0.41 at 1.2 s and 0.42 at 1.8 s: from there on they are as good as strangers. Light
and pose that drift for longer are not in so short clips, hence a little more.
"""

_STANDARD = NormalDist()


def certainty_of(label: Label, p_fake: float, track: Track, card: ModelCard) -> float:
    """Return the chance that a verdict stays, 0–1.

    Args:
        label: "fake", "real" or "inconclusive".
        p_fake: of the verdict, calibrated.
        track: the face that decided.
        card: the model.

    Returns:
        0 for a verdict that is inconclusive only because too little was seen.
    """
    thresholds, calibration = card.thresholds, card.calibration
    if track.pool.weight < MIN_DECIDING_WEIGHT or label_of(p_fake, thresholds) != label:
        return 0.0
    error = _error(track.clip_times_s, track.clip_logits, calibration)
    centre = _logit_of(p_fake, calibration)
    above_real = _share_above(_logit_of(thresholds.real, calibration), centre, error)
    above_fake = _share_above(_logit_of(thresholds.fake, calibration), centre, error)
    shares = {"fake": above_fake, "inconclusive": above_real - above_fake, "real": 1 - above_real}
    return shares[label]


def _error(times_s: Floats, logits: Floats, calibration: Calibration) -> float:
    """Return the standard error of the mean of clips that neighbours in time resemble."""
    scatter = MIN_SCATTER * calibration.real_std
    if len(logits) > 1:
        scatter = max(scatter, float(np.std(logits, ddof=1)))
    apart = np.diff(times_s)
    independent = 1 + float(np.minimum(apart / INDEPENDENT_S, 1.0).sum())
    return scatter / math.sqrt(independent)


def _logit_of(p_fake: float, calibration: Calibration) -> float:
    inside = min(max(p_fake, 1e-9), 1 - 1e-9)
    return (math.log(inside / (1 - inside)) - calibration.intercept) / calibration.slope


def _share_above(border: float, centre: float, error: float) -> float:
    return _STANDARD.cdf((centre - border) / error)
