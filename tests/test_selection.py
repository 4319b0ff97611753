from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facetell.errors import UsageError
from facetell.faces import Face
from facetell.options import Options
from facetell.selection import FaceChoice, Selection, select
from facetell.tracks import Observation
from facetell.video import MediaInfo


def lasting(duration_s: float | None) -> MediaInfo:
    return MediaInfo(
        path=Path("a.mp4"),
        container="mp4",
        codec="h264",
        width=640,
        height=480,
        fps=25.0 if duration_s else None,
        duration_s=duration_s,
        is_picture=duration_s is None,
        rotation_deg=0,
        hdr=False,
    )


def test_it_says_nothing_where_all_is_meant() -> None:
    assert select(Options(), lasting(10.0)) is None
    assert select(Options(), lasting(None)) is None


@pytest.mark.parametrize(
    ("start_s", "end_s", "found"),
    [
        (2.5, None, Selection((2.5, 10.0))),
        (None, 4.0, Selection((0.0, 4.0))),
        (2.5, 4.0, Selection((2.5, 4.0))),
        (9.9, 60.0, Selection((9.9, 10.0))),
    ],
)
def test_it_keeps_to_the_video(
    start_s: float | None, end_s: float | None, found: Selection
) -> None:
    assert select(Options(start_s=start_s, end_s=end_s), lasting(10.0)) == found


def test_it_refuses_what_lies_behind_the_end() -> None:
    with pytest.raises(UsageError, match=r"a\.mp4: cannot start at 10\.0 s, it ends at 10\.0 s"):
        select(Options(start_s=10.0), lasting(10.0))


def test_it_refuses_a_part_of_a_picture() -> None:
    with pytest.raises(UsageError, match=r"a\.mp4: is a picture"):
        select(Options(end_s=1.0), lasting(None))


def test_it_keeps_a_face_within_the_frame_and_the_video() -> None:
    info = lasting(10.0)
    assert select(Options(face=(9.9, 639, 479)), info) == Selection(None, (9.9, 639, 479))
    with pytest.raises(UsageError, match=r"a\.mp4: no face can be at \(640, 10\), it has 640x480"):
        select(Options(face=(1, 640, 10)), info)
    with pytest.raises(UsageError, match=r"a\.mp4: no face can be at 10\.0 s, it ends at 10\.0 s"):
        select(Options(face=(10.0, 5, 10)), info)


def test_the_time_of_a_face_in_a_picture_is_idle() -> None:
    assert select(Options(face=(70.0, 5, 6)), lasting(None)) == Selection(None, (0.0, 5, 6))


def seen(track_id: int, *box_xyxy: float) -> Observation:
    left, top, right, bottom = box_xyxy
    face = Face((left, top, right, bottom), 0.9, np.zeros((5, 2), np.float32))
    return Observation(track_id, 0, 0.0, 0, face, 0.8)


def test_it_chooses_the_face_that_holds_the_point_nearest_to_the_time() -> None:
    choice = FaceChoice((5.0, 50, 50))
    left, right = (0, 0, 100, 100), (200, 0, 300, 100)
    choice.look(4.7, [seen(1, *left), seen(2, *right)])
    assert choice.track_id == 1
    choice.look(4.9, [seen(1, *right), seen(2, *left)])
    assert choice.track_id == 2
    choice.look(5.1, [seen(3, *left)])  # as near in time, but later
    choice.look(5.3, [seen(1, *left)])
    assert choice.track_id == 2


def test_of_faces_that_overlap_it_chooses_the_one_whose_middle_is_nearer() -> None:
    choice = FaceChoice((5.0, 90, 50))
    choice.look(5.0, [seen(1, 0, 0, 100, 100), seen(2, 60, 0, 160, 100)])
    assert choice.track_id == 2


def test_it_chooses_none_beside_the_point_or_far_from_the_time() -> None:
    choice = FaceChoice((5.0, 150, 50))
    choice.look(5.0, [seen(1, 0, 0, 100, 100)])
    choice.look(6.0, [seen(2, 100, 0, 200, 100)])
    assert choice.track_id is None
