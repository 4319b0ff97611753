"""Scores of the last minute → what is to be said of it; what is older is forgotten."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetell.faces import Face
from facetell.judge import Case, judge
from facetell.live.certainty import certainty_of
from facetell.live.moment import LiveVerdict
from facetell.live.settings import LiveSettings
from facetell.pooling import p_fake_of, pool_video
from facetell.reasons import FaceCount
from facetell.scorer import ClipScore
from facetell.tally import Tally, Track
from facetell.verdict import Label, Media
from facetell.weights import ModelCard

_NO_FILE = Path("live")

NOTHING_YET = LiveVerdict(
    label="inconclusive",
    p_fake=None,
    confidence=None,
    certainty=0.0,
    frames=0,
    span_s=0.0,
    reasons=("Nothing has been scored yet.",),
)
"""Before the first clip is complete."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is remembered of a frame."""

    time_s: float
    faces: int
    largest_px: float


@dataclass(frozen=True, slots=True)
class Rolling:
    """The last seconds: pooled over all faces, and of each track."""

    p_fake: float | None
    tracks: dict[int, float]


class Window:
    """Remembers the scores of the last seconds.

    It holds `window_s` of them and at most `max_faces` faces a frame, a few hundred bytes each.
    """

    def __init__(self, card: ModelCard, settings: LiveSettings) -> None:
        self._card = card
        self._settings = settings
        self._frames: deque[_Seen] = deque()
        self._scores: deque[ClipScore] = deque()

    def look(self, time_s: float, faces: Sequence[Face]) -> None:
        """Take note of a frame and of all faces found in it; forget what is too old."""
        sizes_px = [max(face.width_px, face.height_px) for face in faces]
        self._frames.append(_Seen(time_s, len(faces), max(sizes_px, default=0.0)))
        begin_s = time_s - self._settings.window_s
        while self._frames[0].time_s < begin_s:
            self._frames.popleft()
        while self._scores and self._scores[0].times_s[-1] < begin_s:
            self._scores.popleft()

    def add(self, scores: Iterable[ClipScore]) -> None:
        """Take the scores of a burst's clips."""
        self._scores.extend(scores)

    def rolling(self, growing: Sequence[ClipScore]) -> Rolling:
        """Return what the last seconds say, with the clips that still grow."""
        begin_s = self._frames[-1].time_s - self._settings.rolling_s
        recent = [score for score in self._newest_first() if score.times_s[-1] >= begin_s]
        frames = sum(seen.time_s >= begin_s for seen in self._frames)
        tracks = self._tracks([*recent[::-1], *growing], frames)
        if not tracks:
            return Rolling(None, {})
        logit, _ = pool_video([track.pool for track in tracks], self._card.calibration)
        return Rolling(p_fake_of(logit, self._card.calibration), {t.id: t.p_fake for t in tracks})

    def verdict(self) -> LiveVerdict:
        """Return the verdict on all that is remembered, as a file of it would get it."""
        if not self._scores and self._waits():
            return NOTHING_YET
        tally = self._tally(self._scores)
        verdict = judge(self._case(), tally, self._card, None, 0.0)
        return LiveVerdict(
            label=verdict.label,
            p_fake=verdict.p_fake,
            confidence=verdict.confidence,
            certainty=self._certainty(verdict.label, verdict.p_fake, tally),
            frames=len(self._frames),
            span_s=self._frames[-1].time_s - self._frames[0].time_s if self._frames else 0.0,
            reasons=verdict.reasons,
        )

    def _waits(self) -> bool:
        """Tell whether there may be a face although none is scored: `no_face` would be untrue."""
        least_px = self._settings.options.min_face_px
        return not self._frames or any(seen.largest_px >= least_px for seen in self._frames)

    def _certainty(self, label: Label, p_fake: float | None, tally: Tally) -> float | None:
        if p_fake is None:
            return None
        tracks = tally.tracks(len(self._frames))
        _, position = pool_video([track.pool for track in tracks], self._card.calibration)
        return certainty_of(label, p_fake, tracks[position], self._card)

    def _newest_first(self) -> Iterable[ClipScore]:
        return reversed(self._scores)

    def _tracks(self, scores: Sequence[ClipScore], frames: int) -> list[Track]:
        return self._tally(scores).tracks(frames)

    def _tally(self, scores: Iterable[ClipScore]) -> Tally:
        tally = Tally(self._card, max_evidence=0)
        for score in scores:
            tally.add(score)
        return tally

    def _case(self) -> Case:
        return Case(
            path=_NO_FILE,
            sha256="",
            media=_media(len(self._frames)),
            count=FaceCount(
                frames_read=len(self._frames),
                found=sum(seen.faces for seen in self._frames),
                largest_px=max((seen.largest_px for seen in self._frames), default=0.0),
                min_px=self._settings.options.min_face_px,
            ),
            warnings=(),
        )


def _media(frames: int) -> Media:
    """Describe what no verdict on live pictures tells; `judge` asks for the frames alone."""
    return Media("", "", 0, 0, None, None, False, 0, False, frames)
