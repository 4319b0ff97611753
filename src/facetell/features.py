"""What the model says of each scored face, kept in full for research on `keep_features`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from facetell.scorer import ClipScore


@dataclass(frozen=True, slots=True, eq=False)
class FrameFeatures:
    """One row for each scored face of each frame; N rows.

    Attributes:
        track: number of the face's track, int64, (N,).
        frame_index: position of the frame in decode order, int64, (N,).
        time_s: float64, (N,).
        box_xyxy: pixels of the frame, float32, (N, 4).
        quality: 0–1, float32, (N,).
        frame_logit: of the frame alone, before calibration, float32, (N,).
        clip_logit: of the frame's clip, before calibration, float32, (N,).
        features: float32, (N, F).
    """

    track: npt.NDArray[np.int64]
    frame_index: npt.NDArray[np.int64]
    time_s: npt.NDArray[np.float64]
    box_xyxy: npt.NDArray[np.float32]
    quality: npt.NDArray[np.float32]
    frame_logit: npt.NDArray[np.float32]
    clip_logit: npt.NDArray[np.float32]
    features: npt.NDArray[np.float32]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all columns by name, as `numpy.savez` takes them."""
        return {column.name: getattr(self, column.name) for column in fields(self)}


class FeatureCollector:
    """Collects the features of clips. Memory grows with the frames: 5 kB each at F = 1280."""

    def __init__(self) -> None:
        self._clips: list[FrameFeatures] = []

    def add(self, score: ClipScore) -> None:
        """Take the next clip; it must have been scored with `keep_features`."""
        if score.features is None:
            raise ValueError("the clip was scored without keep_features")
        length = len(score.times_s)
        self._clips.append(
            FrameFeatures(
                track=np.full(length, score.track_id, np.int64),
                frame_index=score.frame_indices,
                time_s=score.times_s,
                box_xyxy=score.boxes_xyxy,
                quality=score.quality,
                frame_logit=score.frame_logits,
                clip_logit=np.full(length, score.logit, np.float32),
                features=score.features.copy(),  # a view would keep its whole batch alive
            )
        )

    def keep_only(self, track_id: int | None) -> None:
        """Forget all tracks but one; None forgets all."""
        self._clips = [clip for clip in self._clips if clip.track[0] == track_id]

    def collected(self) -> FrameFeatures:
        """Return all rows in order of time, then track."""
        if not self._clips:
            return _no_rows()
        columns = {
            column.name: np.concatenate([getattr(clip, column.name) for clip in self._clips])
            for column in fields(FrameFeatures)
        }
        order = np.lexsort((columns["track"], columns["time_s"]))
        return FrameFeatures(**{name: values[order] for name, values in columns.items()})


def _no_rows() -> FrameFeatures:
    whole, single = np.zeros(0, np.int64), np.zeros(0, np.float32)
    rows = np.zeros((0, 4), np.float32), np.zeros((0, 0), np.float32)
    return FrameFeatures(
        whole, whole, np.zeros(0, np.float64), rows[0], single, single, single, rows[1]
    )
