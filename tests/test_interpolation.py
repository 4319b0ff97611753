from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from facetell.faces import Face, FaceDetector, iou
from facetell.interpolation import MAX_HELD, FaceFinder, pairs_of
from facetell.video import Frame, Sampling, open_video
from tests.portraits import SAMPLE, face_of, moved

Pixels = npt.NDArray[np.uint8]
STEP_S = 0.1


class Script:
    """A detector that is told what stands in each frame; frames are known by their first pixel."""

    name = "script"

    def __init__(self, faces: Callable[[int], list[Face]]) -> None:
        self._faces = faces
        self.searched: list[int] = []

    def detect(self, rgb: Pixels) -> list[Face]:
        number = int(rgb[0, 0, 0])
        self.searched.append(number)
        return self._faces(number)


def frames_at(times_s: list[float], shades: dict[int, int] | None = None) -> list[Frame]:
    frames = []
    for number, time_s in enumerate(times_s):
        rgb = np.full((90, 160, 3), (shades or {}).get(number, 100), np.uint8)
        rgb[0, 0] = number
        frames.append(Frame(number, time_s, rgb, burst=0))
    return frames


def bursts(count: int, frames: int = 5, apart_s: float = 2.0) -> list[float]:
    return [burst * apart_s + place * STEP_S for burst in range(count) for place in range(frames)]


def found(script: Script, frames: list[Frame]) -> list[list[Face]]:
    answers = list(FaceFinder(script).find(frames))
    assert [frame.index for frame, _ in answers] == [frame.index for frame in frames]
    return [faces for _, faces in answers]


def walking(number: int) -> list[Face]:
    """One face that goes 4 px to the right in each frame."""
    return [moved(face_of(60), x=4 * number, y=10)]


def test_it_searches_every_second_frame_of_a_burst_and_places_faces_between() -> None:
    script = Script(walking)
    answers = found(script, frames_at(bursts(2)))
    assert script.searched == [0, 2, 4, 5, 7, 9]
    for number, (face,) in enumerate(answers):
        (expected,) = walking(number)
        assert face.box_xyxy == pytest.approx(expected.box_xyxy)
        assert face.landmarks_xy == pytest.approx(expected.landmarks_xy, abs=1e-3)
        assert face.score == expected.score


def test_it_places_by_time_not_by_number() -> None:
    script = Script(lambda number: [moved(face_of(60), x=8.0 * (number == 2))])
    (first, between, _) = found(script, frames_at([0.0, 0.05, 0.2]))
    assert first[0].box_xyxy[0] == 0
    assert between[0].box_xyxy[0] == pytest.approx(2)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_it_never_bridges_from_burst_to_burst(length: int) -> None:
    script = Script(walking)
    answers = found(script, frames_at(bursts(3, length)))
    assert all(len(faces) == 1 for faces in answers)
    expected = {1: 3, 2: 6, 3: 6, 4: 9}[length]
    assert len(script.searched) == expected


def test_it_searches_frames_that_are_far_apart_one_by_one() -> None:
    script = Script(walking)
    found(script, frames_at([0.0, 1.0, 2.0, 3.0]))
    assert script.searched == [0, 1, 2, 3]


def test_it_holds_few_frames_when_all_are_taken() -> None:
    script, given = Script(walking), 0

    def counted(frames: list[Frame]) -> Iterator[Frame]:
        nonlocal given
        for frame in frames:
            given += 1
            yield frame

    frames = frames_at([number / 50 for number in range(50)])
    for taken, _ in enumerate(FaceFinder(script).find(counted(frames)), 1):
        assert given - taken <= MAX_HELD + 1
    assert len(script.searched) <= 1 + 50 / (MAX_HELD + 1) + MAX_HELD


def test_faces_of_one_frame_are_placed_each_for_itself() -> None:
    def two(number: int) -> list[Face]:
        left, right = moved(face_of(60), y=3 * number), moved(face_of(50), x=90, y=-number)
        return [left, right] if number % 4 == 0 else [right, left]  # scores may swap the order

    script = Script(two)
    for number, faces in enumerate(found(script, frames_at(bursts(1)))):
        boxes = {face.box_xyxy for face in faces}
        assert boxes == {face.box_xyxy for face in two(number)}
    assert script.searched == [0, 2, 4]


@pytest.mark.parametrize("change_at", [1, 2])
def test_a_face_that_comes_or_goes_is_looked_for(change_at: int) -> None:
    def coming(number: int) -> list[Face]:
        return walking(number) if number >= change_at else []

    def going(number: int) -> list[Face]:
        return walking(number) if number < change_at else []

    for faces in (coming, going):
        script = Script(faces)
        answers = found(script, frames_at(bursts(1, 3)))
        assert [len(found) for found in answers] == [len(faces(n)) for n in range(3)]
        assert sorted(script.searched) == [0, 1, 2]


def test_a_face_that_moves_a_lot_is_looked_for() -> None:
    script = Script(lambda number: [moved(face_of(60), x=20 * number)])
    found(script, frames_at(bursts(1, 3)))
    assert sorted(script.searched) == [0, 1, 2]


def test_a_cut_is_looked_at_though_the_faces_would_fit() -> None:
    for shades in ({1: 200}, {1: 200, 2: 200}):
        script = Script(lambda number: [] if number == 1 else walking(number))
        answers = found(script, frames_at(bursts(1, 3), shades))
        assert answers[1] == []
        assert sorted(script.searched) == [0, 1, 2]


def test_nothing_before_and_after_is_nothing_between() -> None:
    script = Script(lambda number: [])
    assert found(script, frames_at(bursts(1))) == [[]] * 5
    assert script.searched == [0, 2, 4]


def test_a_picture_is_searched() -> None:
    script = Script(walking)
    assert len(found(script, frames_at([0.0]))[0]) == 1
    assert found(script, []) == []


def test_times_that_stand_still_are_no_trouble() -> None:
    script = Script(walking)
    assert len(found(script, frames_at([0.0, 0.0, 0.0, 0.0]))) == 4


def test_pairs_must_be_one_to_one() -> None:
    face, near = face_of(60), moved(face_of(60), x=5)
    assert pairs_of([face], [near]) == [(face, near)]
    assert pairs_of([], []) == []
    assert pairs_of([face], [near, near]) is None
    assert pairs_of([face, near], [near, face]) is None  # whose is whose?
    assert pairs_of([face], [moved(face, x=200)]) is None


def test_placed_boxes_lie_where_a_search_finds_them(detector: FaceDetector) -> None:
    with open_video(SAMPLE) as video:
        frames = list(video.frames(Sampling(15, STEP_S, 5)))
    overlaps = [
        iou(placed.box_xyxy, searched.box_xyxy)
        for frame, faces in FaceFinder(detector).find(frames)
        for placed, searched in zip(faces, detector.detect(frame.rgb), strict=True)
    ]
    assert len(overlaps) == 15
    assert min(overlaps) > 0.8
