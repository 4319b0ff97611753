"""Frames → their faces, looked for in a few frames only and interpolated in those between.

Finding faces costs more than anything else before the model, and a tenth of a second later a face
is nearly where it was. So of the frames of a short stretch the first is searched and the last, and
faces that stay nearly where they are in both are placed between them by time. Wherever that is in
doubt (a cut, a face that comes, goes or moves a lot) the frames between are searched as well.
docs/faces.md says how near interpolated boxes come to found ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facetell.appearance import shot_change, shot_of
from facetell.faces import Face, FaceDetector, iou
from facetell.video import Frame

REACH_S = 0.25
"""Longest time between two searched frames that is bridged: two steps of 0.1 s, and slack for
frames that do not lie on the step."""

MAX_HELD = 2
"""Frames that wait for the next search at most, so that memory stays flat."""

MIN_IOU = 0.6
"""Least overlap of a face's boxes in the searched frames: one that moved more is looked for."""

SAME_SHOT = 0.06
"""Largest mean difference of tiny pictures of two frames (0–1) without a cut between them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """A frame that was searched, and what was found."""

    frame: Frame
    faces: list[Face]
    shot: npt.NDArray[np.float32]


class FaceFinder:
    """Finds the faces of the frames of one video.

    Args:
        detector: searches single frames.
        reach_s: longest time that is bridged; 0 searches every frame.
    """

    def __init__(self, detector: FaceDetector, reach_s: float = REACH_S) -> None:
        self._detector = detector
        self._reach_s = reach_s

    def find(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[Face]]]:
        """Yield each frame, in the order given, with its faces.

        Args:
            frames: in order of time.
        """
        before: _Search | None = None
        held: list[Frame] = []
        for frame in frames:
            if before and self._may_wait(frame, before, held):
                held.append(frame)
                continue
            after = self._search(frame)
            yield from self._between(before, held, after)
            yield frame, after.faces
            before, held = after, []
        for frame in held:
            yield frame, self._detector.detect(frame.rgb)

    def _may_wait(self, frame: Frame, before: _Search, held: list[Frame]) -> bool:
        """Tell whether the frame after this one is likely to be near enough to bridge to it."""
        last_s = held[-1].time_s if held else before.frame.time_s
        next_s = 2 * frame.time_s - last_s
        return len(held) < MAX_HELD and next_s - before.frame.time_s <= self._reach_s

    def _search(self, frame: Frame) -> _Search:
        return _Search(frame, self._detector.detect(frame.rgb), shot_of(frame.rgb))

    def _between(
        self, before: _Search | None, held: list[Frame], after: _Search
    ) -> Iterator[tuple[Frame, list[Face]]]:
        pairs = self._pairs(before, after) if before and held else None
        for frame in held:
            if before is None or pairs is None or _is_cut(before, frame, after):
                yield frame, self._detector.detect(frame.rgb)
            else:
                span_s = after.frame.time_s - before.frame.time_s
                share = (frame.time_s - before.frame.time_s) / span_s
                yield frame, [_placed(first, second, share) for first, second in pairs]

    def _pairs(self, before: _Search, after: _Search) -> list[tuple[Face, Face]] | None:
        """Return each face in both searched frames; None if they do not belong together."""
        if not 0 < after.frame.time_s - before.frame.time_s <= self._reach_s:
            return None
        return pairs_of(before.faces, after.faces)


def pairs_of(before: list[Face], after: list[Face]) -> list[tuple[Face, Face]] | None:
    """Return each face with itself a moment later; None if they do not match one to one.

    Args:
        before: faces of one frame.
        after: faces of another.
    """
    if len(before) != len(after):
        return None
    pairs = []
    left = list(after)
    for face in before:
        near = [other for other in left if iou(face.box_xyxy, other.box_xyxy) >= MIN_IOU]
        if len(near) != 1:
            return None
        left.remove(near[0])
        pairs.append((face, near[0]))
    return pairs


def _is_cut(before: _Search, frame: Frame, after: _Search) -> bool:
    shot = shot_of(frame.rgb)
    return max(shot_change(before.shot, shot), shot_change(shot, after.shot)) > SAME_SHOT


def _placed(first: Face, second: Face, share: float) -> Face:
    """Return a face on its way from one place to another; share 0 is the first, 1 the second."""
    box = np.array(first.box_xyxy) * (1 - share) + np.array(second.box_xyxy) * share
    points = first.landmarks_xy * (1 - share) + second.landmarks_xy * share
    left, top, right, bottom = box.tolist()
    score = min(first.score, second.score)
    return Face((left, top, right, bottom), score, points.astype(np.float32))
