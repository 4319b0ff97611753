"""The most suspicious crops of each face, kept while a video runs through, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facetell.scorer import ClipScore

MAX_CROPS = 64
"""Crops kept over all tracks: an hour may hold hundreds of faces."""


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """A crop and how suspicious it is; `logit` is on the scale of the clips' logits."""

    track_id: int
    time_s: float
    logit: float
    crop: npt.NDArray[np.uint8]
    heatmap: npt.NDArray[np.float32]


class ExhibitKeeper:
    """Keeps at most one crop a clip, and of neighbours in time only the most suspicious.

    Args:
        per_track: crops kept of each track.
        apart_s: least time between two crops of one track, seconds.
    """

    def __init__(self, per_track: int, apart_s: float) -> None:
        self._per_track = per_track
        self._apart_s = apart_s
        self._kept: list[Exhibit] = []

    def add(self, score: ClipScore, frame_logits: npt.NDArray[np.float64]) -> None:
        """Take a clip's most suspicious frame that is not much poorer than its best one."""
        clear = score.quality >= 0.5 * score.quality.max()
        at = int(np.argmax(np.where(clear, frame_logits, -np.inf)))
        time_s, logit = float(score.times_s[at]), float(frame_logits[at])
        near = self._near(score.track_id, time_s)
        if any(kept.logit >= logit for kept in near) or not self._has_room(score.track_id, logit):
            return
        # copies: a view would keep the whole clip alive
        crop, heatmap = score.crops[at].copy(), score.heatmaps[at].copy()
        self._kept = [kept for kept in self._kept if kept not in near]
        self._kept.append(Exhibit(score.track_id, time_s, logit, crop, heatmap))
        self._drop_surplus(score.track_id)

    def keep_only(self, track_id: int | None) -> None:
        """Forget the crops of all tracks but one; None forgets all."""
        self._kept = [kept for kept in self._kept if kept.track_id == track_id]

    def most_suspicious_first(self) -> list[Exhibit]:
        """Return what was kept."""
        return sorted(self._kept, key=lambda kept: -kept.logit)

    def _near(self, track_id: int, time_s: float) -> list[Exhibit]:
        return [
            kept
            for kept in self._kept
            if kept.track_id == track_id and abs(kept.time_s - time_s) < self._apart_s
        ]

    def _has_room(self, track_id: int, logit: float) -> bool:
        own = [kept.logit for kept in self._kept if kept.track_id == track_id]
        return len(own) < self._per_track or any(logit > other for other in own)

    def _drop_surplus(self, track_id: int) -> None:
        own = [kept for kept in self._kept if kept.track_id == track_id]
        if len(own) > self._per_track:
            self._kept.remove(min(own, key=lambda kept: kept.logit))
        if len(self._kept) > MAX_CROPS:
            self._kept.remove(min(self._kept, key=lambda kept: kept.logit))
