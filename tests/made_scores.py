"""Scores of clips as the scorer would give them, made from plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facetell.scorer import ClipScore


def clip_score(
    logit: float,
    *,
    track_id: int = 1,
    start_s: float = 0.0,
    frame_logits: Sequence[float] | None = None,
    quality: float | Sequence[float] = 1.0,
    with_features: bool = False,
) -> ClipScore:
    """Make the score of a clip of 5 frames, 0.1 s apart, unless told by `frame_logits`."""
    frames = np.array([logit] * 5 if frame_logits is None else frame_logits, np.float32)
    length = len(frames)
    times_s = start_s + 0.1 * np.arange(length, dtype=np.float64)
    crops = np.zeros((length, 8, 8, 3), np.uint8)
    crops[:] = np.arange(length, dtype=np.uint8)[:, None, None, None]  # tells its frame
    return ClipScore(
        track_id=track_id,
        burst=int(start_s),
        times_s=times_s,
        frame_indices=np.round(times_s * 30).astype(np.int64),
        boxes_xyxy=np.tile(np.array([10, 20, 110, 140], np.float32), (length, 1)),
        quality=np.broadcast_to(np.array(quality, np.float32), length),
        logit=logit,
        frame_logits=frames,
        heatmaps=np.full((length, 2, 2), 0.5, np.float32),
        features=np.tile(frames[:, None], (1, 3)) if with_features else None,
        crops=crops,
    )
