"""Faces of the frames as they come → scores of clips, of those that still grow as well.

Frames are gathered in bursts of the length that the model was trained on, as in files. A model
whose graph runs as a stream scores each frame when it comes; any other, and an ensemble, scores
each burst when it is complete, as in files too. The scores are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from facetell import ensemble
from facetell.clips import ClipBuilder, crop_face
from facetell.options import Options
from facetell.scorer import ClipScore, Ensemble
from facetell.stream import ClipState, StreamScorer
from facetell.tracks import Observation
from facetell.video import Frame
from facetell.weights import BurstSampling, ModelCard

LONGEST_GAP = 2.5
"""Steps between two frames of one burst, at most: a camera of 5 frames a second still makes bursts,
and a hole that dropped frames left ends one."""


class Bursts:
    """Numbers the bursts of frames that come one by one."""

    def __init__(self, sampling: BurstSampling) -> None:
        self._sampling = sampling
        self._number = -1
        self._frames = 0
        self._last_s = 0.0

    def begins_at(self, time_s: float) -> bool:
        """Take the next frame; tell whether a burst begins with it."""
        gap_s = time_s - self._last_s
        begins = (
            self._number < 0
            or self._frames == self._sampling.burst_frames
            or gap_s > LONGEST_GAP * self._sampling.step_s
        )
        if begins:
            self._number, self._frames = self._number + 1, 0
        self._frames, self._last_s = self._frames + 1, time_s
        return begins

    @property
    def number(self) -> int:
        """The burst of the frame that came last, from 0."""
        return self._number


class ClipScoring(Protocol):
    """Scores the clips of the burst that is under way."""

    def add(self, frame: Frame, faces: Sequence[Observation]) -> None:
        """Take the next frame of the burst, and those of its faces that are to be scored."""
        ...

    def so_far(self) -> list[ClipScore]:
        """Return the scores of the clips that grow, as far as they are known."""
        ...

    def close(self) -> list[ClipScore]:
        """End the burst; return the scores of its clips."""
        ...


@dataclass(slots=True, eq=False)
class _Growing:
    state: ClipState
    logit: float = 0.0
    frame_logits: list[float] = field(default_factory=list)
    seen: list[Observation] = field(default_factory=list)

    def score(self) -> ClipScore:
        """Return what is known so far; without pictures, which a stream does not keep."""
        length = len(self.seen)
        return ClipScore(
            track_id=self.seen[0].track_id,
            burst=self.seen[0].burst,
            times_s=np.array([o.time_s for o in self.seen], np.float64),
            frame_indices=np.array([o.frame_index for o in self.seen], np.int64),
            boxes_xyxy=np.array([o.face.box_xyxy for o in self.seen], np.float32),
            quality=np.array([o.quality for o in self.seen], np.float32),
            logit=self.logit,
            frame_logits=np.array(self.frame_logits, np.float32),
            heatmaps=np.zeros((length, 0, 0), np.float32),
            features=None,
            crops=np.zeros((length, 0, 0, 3), np.uint8),
        )


class FrameByFrame:
    """Scores each frame when it comes, the state of each clip carried along."""

    def __init__(self, scorer: StreamScorer) -> None:
        self._scorer = scorer
        self._open: dict[int, _Growing] = {}

    def add(self, frame: Frame, faces: Sequence[Observation]) -> None:
        """Take the next frame of the burst."""
        if not faces:
            return
        geometry = self._scorer.card.crop
        crops = np.stack([crop_face(frame.rgb, o.face.box_xyxy, geometry) for o in faces])
        clips = [self._open.setdefault(o.track_id, _Growing(self._scorer.begin())) for o in faces]
        scores = self._scorer.step(crops, [clip.state for clip in clips])
        for clip, seen, score in zip(clips, faces, scores, strict=True):
            clip.state, clip.logit = score.state, score.logit
            clip.frame_logits.append(score.frame_logit)
            clip.seen.append(seen)

    def so_far(self) -> list[ClipScore]:
        """Return the scores of the clips that grow."""
        return [clip.score() for clip in self._open.values() if clip.seen]  # one may be interrupted

    def close(self) -> list[ClipScore]:
        """End the burst."""
        scores = self.so_far()
        self._open = {}
        return scores


class BurstByBurst:
    """Scores whole clips when their burst is complete, as files are scored."""

    def __init__(self, scorer: Ensemble, card: ModelCard) -> None:
        self._scorer = scorer
        self._builders = [ClipBuilder(member.crop) for member in ensemble.members(card)]

    def add(self, frame: Frame, faces: Sequence[Observation]) -> None:
        """Take the next frame of the burst."""
        for builder in self._builders:
            builder.add(frame.rgb, frame.time_s, faces)

    def so_far(self) -> list[ClipScore]:
        """Return nothing: what grows is not scored."""
        return []

    def close(self) -> list[ClipScore]:
        """End the burst."""
        clips = zip(*(builder.finish() for builder in self._builders), strict=True)
        return [_without_pictures(score) for score in self._scorer.score(clips)]


def _without_pictures(score: ClipScore) -> ClipScore:
    """Let go of what a minute of scores need not keep."""
    length = len(score.times_s)
    return replace(
        score,
        frame_logits=score.frame_logits.copy(),  # a view of the whole batch
        heatmaps=np.zeros((length, 0, 0), np.float32),
        crops=np.zeros((length, 0, 0, 3), np.uint8),
    )


class Scoring:
    """A model that is loaded once and scores any number of live pictures.

    Raises:
        ModelError: as `Scorer` and `StreamScorer`.
        MissingDependency: the runtime is not installed.
    """

    def __init__(self, card: ModelCard, options: Options) -> None:
        self._card = card
        self._stream: StreamScorer | None = None
        self._whole: Ensemble | None = None
        if card.stream:
            self._stream = StreamScorer(card, options.threads, options.runtime)
        else:
            self._whole = Ensemble(card, options.threads, options.runtime)

    @property
    def frame_by_frame(self) -> bool:
        """Whether each frame is scored when it comes."""
        return self._stream is not None

    def begin(self) -> ClipScoring:
        """Return what scores one picture's clips."""
        if self._stream:
            return FrameByFrame(self._stream)
        assert self._whole
        return BurstByBurst(self._whole, self._card)
