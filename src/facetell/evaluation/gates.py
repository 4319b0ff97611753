"""What a model must pass before it ships: it knows forgeries, not the degradations around them.

Outside: of a real clip and its self-blended fake, degraded alike, only the area outside the mask is
left to differ. Neither the model nor a classifier fitted for this on the model's own features may
tell them apart; if they can, fakes are made or degraded otherwise than reals, and the model learns
that instead.

Again: reals that were compressed anew must not be called fake more often.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facetell.clips import Clip
from facetell.evaluation.answers import Outcome
from facetell.evaluation.blends import INSIDE, Blend, masks_seen_by, seen_by
from facetell.evaluation.measures import CALLED, scored
from facetell.scorer import Ensemble
from facetell.train.metrics import auc, bootstrap, paired_bootstrap
from facetell.weights import ModelCard

MOST_FROM_CHANCE = 0.05
"""Largest distance of the AUC from 0.5."""
MOST_MORE = 0.02
"""Largest rise of the share of reals that are called fake."""
LEAST_REALS = 500
"""Fewer say too little to pass on."""
LEAST_TO_FAIL = 50
"""Fewer say nothing at all."""
SPOILT = ("H.264 CRF 40", "JPEG 40")
BORDER_PX = 8
"""The mask is grown by this: codecs carry a change into the neighbouring block."""
GREY = 128


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition.

    Attributes:
        name: of it, in words.
        value, low, high: what was measured, with its 95 % interval over originals.
        limits: between which the value must lie.
        n: real files or clips.
    """

    name: str
    value: float
    low: float
    high: float
    limits: tuple[float, float]
    n: int

    @property
    def verdict(self) -> str:
        """Return "passed", "failed", or "too few" where that much could be chance."""
        holds = self.limits[0] <= self.value <= self.limits[1]
        if self.n < LEAST_TO_FAIL or (holds and self.n < LEAST_REALS):
            return f"too few ({self.n} of {LEAST_REALS})"
        return "passed" if holds else "failed"


def outside_gates(blends: Iterable[Blend], card: ModelCard) -> list[Gate]:
    """Check that the area outside the masks tells nothing.

    Args:
        blends: see `make_blends`.
        card: of the model or ensemble.
    """
    ensemble = Ensemble(card, threads=1)
    logits: list[tuple[float, float]] = []
    features: list[npt.NDArray[np.float32]] = []
    groups = []
    for blend in blends:
        real, fake, masks = _degraded(blend, card)
        mixed = tuple(_mixed(r, f, masks) for r, f in zip(real, fake, strict=True))
        hidden = [tuple(_mixed(None, c, masks) for c in clips) for clips in (real, fake)]
        scores = list(ensemble.score([real, mixed, *hidden], keep_features=True))
        logits.append((scores[0].logit, scores[1].logit))
        features += [_mean(score.features) for score in scores[2:]]
        groups.append(blend.media.group or blend.media.file)
    if not groups:
        return []
    return [_by_model(logits, groups), _by_classifier(np.stack(features), groups)]


def _degraded(
    blend: Blend, card: ModelCard
) -> tuple[tuple[Clip, ...], tuple[Clip, ...], list[npt.NDArray[np.bool_]]]:
    """Degrade real and fake alike; return where they may differ, grown by a border."""
    draw = blend.degradation()
    real, fake = (seen_by(crops, blend, card, draw) for crops in (blend.real, blend.fake))
    kernel = np.ones((2 * BORDER_PX + 1,) * 2, np.uint8)
    masks = [
        cv2.dilate((mask > INSIDE).astype(np.uint8), kernel) > 0
        for mask in masks_seen_by(blend, card, draw)
    ]
    return real, fake, masks


def _mixed(inner: Clip | None, outer: Clip, masks: Sequence[npt.NDArray[np.bool_]]) -> Clip:
    """Put one clip inside the masks, or grey, and another outside of them."""
    pixels = outer.pixels.copy()
    for place, mask in enumerate(masks):
        side = pixels.shape[-1]
        own = cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST) > 0
        pixels[place][:, own] = GREY if inner is None else inner.pixels[place][:, own]
    return Clip(outer.track_id, outer.burst, pixels, outer.times_s, outer.frame_indices,
                outer.boxes_xyxy, outer.quality)  # fmt: skip


def _mean(features: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
    assert features is not None
    return np.asarray(features.mean(0), np.float32)


def _by_model(logits: Sequence[tuple[float, float]], groups: Sequence[str]) -> Gate:
    return _auc_gate("outside of the mask: AUC of the model", np.array(logits).ravel(), groups)


def _by_classifier(features: npt.NDArray[np.float32], groups: Sequence[str]) -> Gate:
    """Fit a linear classifier on other originals' clips, and measure it on each."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    name = "outside of the mask: AUC of a classifier made for it"
    folds = min(5, len(set(groups)))
    if folds < 2:
        return Gate(name, float("nan"), float("nan"), float("nan"), _CHANCE, 0)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    scores = cross_val_predict(
        classifier,
        features,
        np.tile([0, 1], len(groups)),
        groups=np.repeat(np.array(groups), 2),
        cv=GroupKFold(folds),
        method="decision_function",
    )
    return _auc_gate(name, scores, groups)


_CHANCE = (0.5 - MOST_FROM_CHANCE, 0.5 + MOST_FROM_CHANCE)


def _auc_gate(name: str, scores: npt.NDArray[np.float64], groups: Sequence[str]) -> Gate:
    """Measure scores of which every second one is of a fake."""
    labels, both = np.tile([0.0, 1.0], len(groups)), np.repeat(np.array(groups), 2).tolist()
    ends = bootstrap(auc, labels, scores, both)
    return Gate(name, auc(labels, scores), *ends, _CHANCE, len(groups))


def again_gates(before: Sequence[Outcome], spoilt: dict[str, Sequence[Outcome]]) -> list[Gate]:
    """Check that reals stay real when they are compressed anew.

    Args:
        before: outcomes of real files as they are.
        spoilt: degradation → outcomes of the same files in the same order.
    """
    return [_again(name, before, after) for name, after in spoilt.items()]


def _again(name: str, before: Sequence[Outcome], after: Sequence[Outcome]) -> Gate:
    pairs = [
        (b, a)
        for b, a in zip(before, after, strict=True)
        if b.answer.p_fake is not None and a.answer.p_fake is not None
    ]
    told = f"reals after {name}: rise of the share called fake"
    if not pairs:
        return Gate(told, float("nan"), float("nan"), float("nan"), (-1.0, MOST_MORE), 0)
    rows = scored([b for b, _ in pairs]), scored([a for _, a in pairs])
    called = [(r.called == CALLED["fake"]).astype(np.float64) for r in rows]
    ends = paired_bootstrap(
        lambda _, values: float(values.mean()),
        np.zeros(len(pairs)),
        (called[0], called[1]),
        rows[0].originals,
    )
    rise = float(called[1].mean() - called[0].mean())
    return Gate(told, rise, *ends, (-1.0, MOST_MORE), len(pairs))
