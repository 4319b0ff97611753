"""Each limit refuses a file beyond it before it is decoded, and says which limit it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facetell.errors import MediaTooLarge, UsageError
from facetell.options import Limits
from facetell.video import Sampling, open_video
from facetell.video.run import Run
from tests.media import CONTAINERS, Recipe, make_animation, make_video

WITHIN = Limits(
    file_bytes=1_000_000,
    duration_s=1.1,
    pixels=96 * 64,
    rate_hz=31,
    frames=30,
    streams=2,
    decoded_bytes=2 * 30 * 96 * 64 * 3,  # the look at the first frame is another reading
)
BEYOND: dict[str, tuple[Any, str]] = {
    "file_bytes": (99, "is more than the limit of 99 bytes; cut the part"),
    "duration_s": (0.9, r"1 is more than the limit of 0\.9 seconds; cut the part"),
    "pixels": (96 * 64 - 1, "96x64 is more than the limit of 6143 pixels; scale"),
    "rate_hz": (29, "30 is more than the limit of 29 frames a second; convert"),
    "frames": (29, "30 is more than the limit of 29 frames; cut"),
    "streams": (1, "more than the limit of 1 streams.*copy only its pictures"),
    "decoded_bytes": (30 * 96 * 64 * 3 - 1, "552960 is more than the limit of 552959 decoded"),
}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """30 frames of 96 x 64 in one second, with sound."""
    return make_video(tmp_path / "clip.mp4", Recipe(sound_s=1))


def read_all(path: Path, limits: Limits) -> int:
    with open_video(path, limits) as video:
        return len(list(video.frames(Sampling("all"))))


def test_it_takes_what_is_just_within(clip: Path) -> None:
    assert read_all(clip, WITHIN) == 30


@pytest.mark.parametrize("name", BEYOND)
def test_it_refuses_what_is_beyond_before_decoding(
    clip: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name != "decoded_bytes":  # the first frame must be looked at to tell its size
        monkeypatch.setattr(Run, "_decode", None)
    most, words = BEYOND[name]
    with pytest.raises(MediaTooLarge, match=rf"clip\.mp4: .*{words}.*limits\.{name}$"):
        read_all(clip, replace(WITHIN, **{name: most}))


@pytest.mark.parametrize("name", ["duration_s", "rate_hz", "frames"])
def test_animations_have_the_same_limits(tmp_path: Path, name: str) -> None:
    path = make_animation(tmp_path / "a.webp", 30, (96, 64))  # 3 s
    limits = Limits(duration_s=3, rate_hz=10, frames=30)
    assert read_all(path, limits) == 30
    shrunk: dict[str, Any] = {name: 0.9 * getattr(limits, name)}
    with pytest.raises(MediaTooLarge, match=rf"limits\.{name}$"):
        read_all(path, replace(limits, **shrunk))


def test_it_counts_the_frames_on_the_way_to_those_that_are_wanted(tmp_path: Path) -> None:
    one_key_frame = Recipe("mpeg4", 100, options={"g": "600"})
    path = make_video(tmp_path / "a.avi", one_key_frame)
    some = Sampling(2, step_s=0.1, burst_frames=1)
    frame_bytes = 96 * 64 * 3
    with open_video(path, Limits(decoded_bytes=10 * frame_bytes)) as video:
        assert video.expected_frames(some) == 2
        with pytest.raises(MediaTooLarge, match="decoded bytes; take fewer frames"):
            list(video.frames(some))


def test_a_moving_picture_without_an_end_is_read_once(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.gif", CONTAINERS["clip.gif"])
    assert b"NETSCAPE2.0" in path.read_bytes()  # loops for ever
    assert read_all(path, Limits(frames=30, duration_s=3.1)) == 30


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", BEYOND)
def test_a_limit_must_be_above_zero(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=rf"limits\.{name} is"):
        Limits(**{name: value})  # type: ignore[arg-type]
