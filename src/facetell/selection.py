"""Which part of a file was asked for: Options and a file's facts → Selection.

It says nothing where all of a file is meant, so that no report has to tell what goes without
saying.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from facetell.errors import UsageError
from facetell.options import FacePoint, Options
from facetell.tracks import Observation
from facetell.video import MediaInfo
from facetell.video.sampling import ROUNDING_S
from facetell.wording import Sentence, clock, span

REACH_S = 0.5
"""How far from the time that was named a face may be found: a frame there may be damaged, or its
face be missed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a file that is analysed.

    Attributes:
        stretch_s: frames are taken from the first second on and before the last, which is not
            beyond the end; None if they are taken from the whole file.
        face: only the face at this time and point is judged; None if all are.
    """

    stretch_s: tuple[float, float] | None
    face: FacePoint | None = None

    @property
    def words(self) -> str:
        """The part as people write it.

        >>> Selection((2.5, 8), (4, 412, 96)).words
        '2.5–8.0 s, the face at (412, 96) at 4.0 s'
        """
        stretch = [span(*self.stretch_s)] if self.stretch_s else []
        return ", ".join([*stretch, *([place_of(self.face)] if self.face else [])])


def place_of(face: FacePoint) -> str:
    """Return in words which face is meant."""
    time_s, x, y = face
    return Sentence(
        "the face at ({x}, {y}) at {time}", x=f"{x:.0f}", y=f"{y:.0f}", time=clock(time_s)
    )


def select(options: Options, info: MediaInfo) -> Selection | None:
    """Find the part that is meant; None if that is the whole file.

    Raises:
        UsageError: it is not within the file.
    """
    stretch_s, face = _stretch_s(options, info), _face(options, info)
    return Selection(stretch_s, face) if stretch_s or face else None


def _stretch_s(options: Options, info: MediaInfo) -> tuple[float, float] | None:
    if options.start_s is None and options.end_s is None:
        return None
    if info.duration_s is None:
        raise UsageError(
            Sentence("{path}: is a picture; leave out where to start and to end", path=info.path)
        )
    start_s = options.start_s or 0.0
    if start_s >= info.duration_s - ROUNDING_S:
        raise UsageError(
            Sentence(
                "{path}: cannot start at {start} s, it ends at {end} s; give an earlier start",
                path=info.path,
                start=f"{start_s:.1f}",
                end=f"{info.duration_s:.1f}",
            )
        )
    return start_s, min(options.end_s or info.duration_s, info.duration_s)


def _face(options: Options, info: MediaInfo) -> FacePoint | None:
    if options.face is None:
        return None
    time_s, x, y = options.face
    if x >= info.width or y >= info.height:
        raise UsageError(
            Sentence(
                "{path}: no face can be at ({x}, {y}), it has {size} pixels; give a point of the "
                "displayed frame",
                path=info.path,
                x=f"{x:.0f}",
                y=f"{y:.0f}",
                size=f"{info.width}x{info.height}",
            )
        )
    if info.duration_s is None:
        return 0.0, x, y
    if time_s >= info.duration_s:
        raise UsageError(
            Sentence(
                "{path}: no face can be at {time} s, it ends at {end} s; give an earlier time",
                path=info.path,
                time=f"{time_s:.1f}",
                end=f"{info.duration_s:.1f}",
            )
        )
    return options.face


class FaceChoice:
    """Finds out which track is meant by a time and a point.

    Attributes:
        track_id: the track whose box holds the point nearest to the time, as far as was looked.
    """

    def __init__(self, face: FacePoint) -> None:
        self._time_s, self._x, self._y = face
        self._away_s = REACH_S
        self.track_id: int | None = None

    def look(self, time_s: float, faces: Sequence[Observation]) -> None:
        """Look at the faces of one frame."""
        away_s = abs(time_s - self._time_s)
        there = [seen for seen in faces if self._off_centre(seen) <= 0.5]
        if there and away_s < self._away_s:
            self._away_s = away_s
            self.track_id = min(there, key=self._off_centre).track_id

    def _off_centre(self, seen: Observation) -> float:
        """How far the point is from the middle of a box, in its sides; 0.5 is its edge."""
        x0, y0, x1, y1 = seen.face.box_xyxy
        across = abs(self._x - (x0 + x1) / 2) / max(x1 - x0, math.ulp(1))
        along = abs(self._y - (y0 + y1) / 2) / max(y1 - y0, math.ulp(1))
        return max(across, along)
