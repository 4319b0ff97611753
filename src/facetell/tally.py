"""Scores of clips, as they come → one compact record for each track.

An hour of every frame is 100,000 scored faces, so that a track keeps plain numbers (56 bytes a
frame) and the few crops that `ExhibitKeeper` chooses, never pictures or objects a frame.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from facetell.evidence import ExhibitKeeper
from facetell.pooling import Floats, TrackPool, p_fake_of, pool_track, shrunk, track_weight
from facetell.scorer import ClipScore
from facetell.weights import ModelCard

_CLIP_COLUMNS = 3  # middle in seconds, logit, mean quality
_FRAME_COLUMNS = 7  # seconds, logit, x0, y0, x1, y1, quality


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """All scores of one face.

    Attributes:
        id: number of the track.
        pool: its logit, weight and decisive stretch.
        p_fake: calibrated for this face alone.
        clip_times_s, clip_logits: (N,), by time.
        frames: seconds, logit, box_xyxy and quality of each frame, float64, (M, 7), by time.
    """

    id: int
    pool: TrackPool
    p_fake: float
    clip_times_s: Floats
    clip_logits: Floats
    frames: Floats

    @property
    def quality(self) -> float:
        """Mean over its frames, 0–1."""
        return float(self.frames[:, 6].mean())


@dataclass(slots=True)
class _Columns:
    clips: array[float] = field(default_factory=lambda: array("d"))
    frames: array[float] = field(default_factory=lambda: array("d"))


class Tally:
    """Collects the scores of one video.

    Args:
        card: the model that scores.
        max_evidence: crops kept of each track.
    """

    def __init__(self, card: ModelCard, max_evidence: int) -> None:
        self._card = card
        self._columns: dict[int, _Columns] = {}
        timing = card.sampling
        self.exhibits = ExhibitKeeper(max_evidence, timing.step_s * timing.burst_frames)

    def add(self, score: ClipScore) -> None:
        """Take the next clip of any track."""
        columns = self._columns.setdefault(score.track_id, _Columns())
        middle, quality = float(score.times_s.mean()), float(score.quality.mean())
        columns.clips.extend((middle, score.logit, quality))
        logits = anchored_frame_logits(score)
        rows = np.column_stack([score.times_s, logits, score.boxes_xyxy, score.quality])
        columns.frames.frombytes(np.ascontiguousarray(rows, np.float64).tobytes())
        self.exhibits.add(score, logits)

    def keep_only(self, track_id: int | None) -> None:
        """Forget all tracks but one; None forgets all."""
        self._columns = {key: found for key, found in self._columns.items() if key == track_id}
        self.exhibits.keep_only(track_id)

    def tracks(self, frames_read: int) -> list[Track]:
        """Return all tracks, the most suspicious first.

        Args:
            frames_read: frames in which a face could have been.
        """
        tracks = [self._track(key, found, frames_read) for key, found in self._columns.items()]
        return sorted(tracks, key=lambda track: (-track.p_fake, track.id))

    def _track(self, track_id: int, columns: _Columns, frames_read: int) -> Track:
        clips = _by_time(columns.clips, _CLIP_COLUMNS)
        frames = _by_time(columns.frames, _FRAME_COLUMNS)
        calibration = self._card.calibration
        logit, stretch = pool_track(clips[:, 0], clips[:, 1], clips[:, 2], calibration)
        pool = TrackPool(logit, self._weight(frames, frames_read), stretch)
        p_fake = p_fake_of(shrunk(pool.logit, pool.weight, calibration), calibration)
        return Track(track_id, pool, p_fake, clips[:, 0], clips[:, 1], frames)

    def _weight(self, frames: Floats, frames_read: int) -> float:
        span_s = float(frames[-1, 0] - frames[0, 0])
        steps = span_s / self._card.sampling.step_s + 1
        return track_weight(float(frames[:, 6].mean()), min(len(frames), steps), frames_read)


def anchored_frame_logits(score: ClipScore) -> Floats:
    """Return the frames' logits moved so that their mean is the clip's logit, (T,).

    Frames and clips are judged by two heads of the model, and only the clips' is calibrated; so
    anchored, the frames tell where within a clip, and the clips how much.
    """
    logits = score.frame_logits.astype(np.float64)
    anchored: Floats = logits - logits.mean() + score.logit
    return anchored


def _by_time(values: array[float], columns: int) -> Floats:
    rows: Floats = np.frombuffer(values, np.float64).reshape(-1, columns)
    return rows[np.argsort(rows[:, 0], kind="stable")]
