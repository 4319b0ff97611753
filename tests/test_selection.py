from __future__ import annotations

from pathlib import Path

import pytest

from facetell.errors import UsageError
from facetell.options import Options
from facetell.selection import Selection, select
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
        (2.5, None, Selection(2.5, 10.0)),
        (None, 4.0, Selection(0.0, 4.0)),
        (2.5, 4.0, Selection(2.5, 4.0)),
        (9.9, 60.0, Selection(9.9, 10.0)),
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
