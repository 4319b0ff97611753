"""Outcomes of an evaluation, made from plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facetell.evaluation.answers import Answer, Outcome
from facetell.train.layouts import Media
from facetell.verdict import label_of
from facetell.weights import Thresholds

THRESHOLDS = Thresholds(fake=0.7, real=0.3)


def outcome(
    p_fake: float | None,
    is_fake: bool,
    *,
    source: str = "page",
    name: str = "",
    label: str = "",
    manipulation: str = "faceswap",
    message: str = "",
) -> Outcome:
    """Make the outcome of one file."""
    if not label:
        label = "no_face" if p_fake is None else label_of(p_fake, THRESHOLDS)
    file = name or f"{source}/{'fake' if is_fake else 'real'}{p_fake}.mp4"
    media = Media(file, is_fake, source, file, manipulation if is_fake else "none")
    frames = () if p_fake is None else (p_fake, p_fake)
    face_px, quality = (None, None) if p_fake is None else (100.0, 0.8)
    answer = Answer(label, p_fake, frames, face_px, quality, 2, 0.5, message)
    return Outcome(media, answer, f"{file:0>64}")


def many(count: int = 120, sources: int = 8, seed: int = 0) -> list[Outcome]:
    """Make outcomes of a fair model over several sources."""
    rng = np.random.default_rng(seed)
    kinds: Sequence[str] = ("faceswap", "lipsync", "reenactment")
    found = []
    for k in range(count):
        is_fake = bool(rng.integers(2))
        p = float(np.clip(rng.normal(0.62 if is_fake else 0.38, 0.2), 0.01, 0.99))
        source, kind = f"page{k % sources}", kinds[k % 3]
        found.append(outcome(p, is_fake, source=source, name=f"{k}.mp4", manipulation=kind))
    return found
