"""One contract for videos of every kind, and what happens with those that break it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facetell.errors import (
    CorruptMedia,
    FacetellError,
    InputNotFound,
    InputUnreadable,
    MediaTooLarge,
    NotMedia,
)
from facetell.options import Limits
from facetell.video import Frame, Sampling, Video, open_video
from facetell.video.run import Run
from facetell.video.sandbox import Decoder
from tests.media import (
    CONTAINERS,
    CORNER_RGB,
    Recipe,
    cut,
    front_indexed,
    index_of,
    make_animation,
    make_sound,
    make_video,
    remuxed,
    still_clock,
)

ALL = Sampling("all")


@pytest.fixture(scope="module", params=[*CONTAINERS, "clip.webp"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / request.param
    if path.suffix == ".webp":
        return make_animation(path, 30, (96, 64))
    return make_video(path, CONTAINERS[path.name])


def taken(path: Path, sampling: Sampling = ALL) -> tuple[Video, list[Frame]]:
    with open_video(path) as video:
        return video, list(video.frames(sampling))


def test_it_gives_every_frame_in_order(clip: Path) -> None:
    video, frames = taken(clip)
    assert [frame.index for frame in frames] == list(range(30))
    assert [index_of(frame.rgb) for frame in frames] == list(range(30))
    assert video.frames_read == 30


def test_it_tells_times_from_the_first_frame(clip: Path) -> None:
    video, frames = taken(clip)
    rate_hz = 10 if clip.suffix in (".gif", ".apng", ".webp") else 30
    times_s = [frame.time_s for frame in frames]
    assert times_s == pytest.approx(np.arange(30) / rate_hz, abs=0.002)
    assert video.info.fps == pytest.approx(rate_hz, rel=0.02)
    assert video.info.duration_s == pytest.approx(30 / rate_hz, rel=0.02)
    assert not video.info.is_picture


def test_it_shows_the_colours_that_went_in(clip: Path) -> None:
    video, frames = taken(clip)
    rgb = frames[10].rgb
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    assert rgb.shape == (video.info.height, video.info.width, 3)
    corner = rgb[8:24, 8:40].reshape(-1, 3).mean(0)
    tolerance = 41 if clip.suffix == ".gif" else 5  # 256 colours in all
    assert np.abs(corner - CORNER_RGB).max() < tolerance


def test_it_takes_the_same_pictures_when_it_takes_few(clip: Path) -> None:
    every = {frame.index: frame.rgb for frame in taken(clip)[1]}
    _, few = taken(clip, Sampling(7, step_s=0.1, burst_frames=3))
    assert len(few) == 7
    assert all(np.array_equal(frame.rgb, every[frame.index]) for frame in few)


@pytest.mark.parametrize("sampling", [ALL, Sampling(5)], ids=["all", "few"])
def test_a_decoder_process_gives_the_same(clip: Path, sampling: Sampling, decoder: Decoder) -> None:
    video, frames = taken(clip, sampling)
    with open_video(clip, decoder=decoder) as apart:
        others = list(apart.frames(sampling))
    assert apart.info == video.info
    assert apart.warnings == video.warnings
    assert len(others) == len(frames)
    for one, other in zip(frames, others, strict=True):
        assert (one.index, one.time_s, one.burst) == (other.index, other.time_s, other.burst)
        assert np.array_equal(one.rgb, other.rgb)


def test_it_has_nothing_to_warn_of_in_a_sound_file(clip: Path) -> None:
    warnings = taken(clip)[0].warnings
    # Bare H.264 has no timestamps, and that is said.
    assert len(warnings) == (clip.suffix == ".h264")


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.webm", "hevc.mp4", "clip.avi"])
def test_it_jumps_to_exactly_the_frames_that_it_means(tmp_path: Path, name: str) -> None:
    recipe = CONTAINERS[name]
    options = recipe.options | {"g": "20"}
    path = make_video(tmp_path / name, replace(recipe, frames=400, sound_s=0, options=options))
    _, frames = taken(path, Sampling(6, step_s=0.1, burst_frames=2))
    assert [index_of(frame.rgb) for frame in frames] == [frame.index % 30 for frame in frames]
    assert frames[-1].index > 300


def test_it_takes_a_part_with_the_times_of_the_whole(clip: Path) -> None:
    every = taken(clip)[1]
    start_s, end_s = every[10].time_s, every[20].time_s
    video, some = taken(clip, Sampling("all", start_s=start_s, end_s=end_s))
    assert [(frame.index, frame.time_s) for frame in some] == [
        (frame.index, frame.time_s) for frame in every[10:20]
    ]
    assert all(np.array_equal(frame.rgb, every[frame.index].rgb) for frame in some)
    assert video.expected_frames(Sampling("all", start_s=start_s, end_s=end_s)) == 10


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_it_decodes_from_the_key_frame_before_a_part(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = CONTAINERS[name]
    options = recipe.options | {"g": "20"}
    path = make_video(tmp_path / name, replace(recipe, frames=400, sound_s=0, options=options))
    decoded: list[int] = []
    plain = Run._index

    def counted(run: Run, stamp: int | None) -> int | None:
        index = plain(run, stamp)
        decoded.append(-1 if index is None else index)
        return index

    with open_video(path) as video:
        monkeypatch.setattr(Run, "_index", counted)
        frames = list(video.frames(Sampling("all", start_s=10.5, end_s=11.0)))
    assert [frame.index for frame in frames] == list(range(315, 330))
    assert min(decoded) == 300
    assert len(decoded) < 60


def test_it_follows_a_variable_frame_rate(tmp_path: Path) -> None:
    stamps_s = [0.04 * i for i in range(20)] + [0.8 + 0.2 * i for i in range(10)]
    path = make_video(tmp_path / "vfr.mp4", Recipe(stamps_s=stamps_s))
    video, frames = taken(path)
    assert [frame.time_s for frame in frames] == pytest.approx(stamps_s, abs=0.002)
    assert video.info.fps == pytest.approx(30 / 2.64, rel=0.02)


def test_it_does_not_spread_frames_over_a_pause(tmp_path: Path) -> None:
    stamps_s = [start + i / 30 for start in (0, 600) for i in range(150)]
    path = make_video(tmp_path / "pause.mkv", Recipe(frames=300, stamps_s=stamps_s))
    _, frames = taken(path, Sampling(20))
    assert len(frames) == 20
    assert sum(frame.time_s < 10 for frame in frames) == pytest.approx(10, abs=3)


def test_it_makes_pixels_square(tmp_path: Path) -> None:
    wide = make_video(tmp_path / "wide.mp4", Recipe(pixel_aspect=Fraction(4, 3)))
    tall = make_video(tmp_path / "tall.mp4", Recipe(pixel_aspect=Fraction(1, 2)))
    assert taken(wide)[1][0].rgb.shape == (64, 128, 3)
    video, frames = taken(tall)
    assert frames[0].rgb.shape == (128, 96, 3)
    assert (video.info.width, video.info.height) == (96, 128)


@pytest.mark.parametrize("size", [(97, 65), (33, 1), (1, 1), (2, 90)])
def test_it_reads_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    path = make_video(tmp_path / "odd.mkv", Recipe("ffv1", size=size, pixel_format="yuv444p"))
    _, frames = taken(path)
    assert len(frames) == 30
    assert frames[0].rgb.shape == (size[1], size[0], 3)


def test_it_reads_a_single_frame(tmp_path: Path) -> None:
    video, frames = taken(make_video(tmp_path / "one.mp4", Recipe(frames=1)), Sampling(32))
    assert [frame.index for frame in frames] == [0]
    assert video.info.fps is None
    assert taken(make_video(tmp_path / "one.gif", replace(CONTAINERS["clip.gif"], frames=1)))[
        0
    ].info.is_picture


def test_it_starts_negative_times_at_zero(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mkv")
    path = remuxed(source, tmp_path / "negative.nut", lambda stamp: stamp - 5000)
    video, frames = taken(path)
    assert frames[0].time_s == 0
    assert video.warnings == []


def test_it_reckons_times_where_all_are_alike(tmp_path: Path) -> None:
    path = still_clock(make_video(tmp_path / "still.flv", Recipe("flv")))
    video, frames = taken(path)
    assert [frame.time_s for frame in frames][:3] == pytest.approx([0, 1 / 30, 2 / 30], abs=0.01)
    assert "timestamps are missing" in video.warnings[0]


def test_it_ignores_a_broken_clock(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mkv")
    path = remuxed(source, tmp_path / "leap.mkv", lambda s: s if s < 500 else s + 10**8)
    video, frames = taken(path)
    assert len(frames) == 30
    assert video.info.duration_s == pytest.approx(1, abs=0.1)


def test_it_reads_a_cut_off_file_as_far_as_it_goes(tmp_path: Path) -> None:
    path = cut(front_indexed(tmp_path / "cut.mp4", Recipe(frames=300)), 0.5)
    video, frames = taken(path, Sampling(20))
    assert len(frames) == 20
    assert video.info.duration_s is not None
    assert 2 < video.info.duration_s < 8
    # They spread over what is there, not over what the header announces.
    assert frames[-1].time_s > 0.8 * video.info.duration_s
    assert "announces 10.0 s" in video.warnings[0]
    assert f"first {video.info.duration_s:.1f} s" in video.warnings[0]


@pytest.mark.parametrize("name", ["clip.mkv", "clip.avi", "clip.flv", "clip.wmv", "clip.ts"])
def test_it_reads_what_is_left_of_any_container(tmp_path: Path, name: str) -> None:
    path = make_video(tmp_path / name, replace(CONTAINERS[name], frames=150))
    video, frames = taken(cut(path, 0.6), Sampling(10))
    assert len(frames) == 10
    assert video.info.duration_s is not None
    assert video.info.duration_s < 4.9


def test_it_refuses_a_recording_whose_index_was_cut_off(tmp_path: Path) -> None:
    path = cut(make_video(tmp_path / "clip.mp4", Recipe(frames=300)), 0.6)
    with pytest.raises(CorruptMedia, match=r"clip\.mp4: its index \(moov\) is missing"):
        open_video(path)


def test_it_goes_on_after_damage_and_says_so(tmp_path: Path) -> None:
    path = front_indexed(tmp_path / "damaged.mp4", Recipe(frames=150, options={"g": "15"}))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 10] = bytes(len(data) // 10)
    path.write_bytes(data)
    video, frames = taken(path)
    assert 100 < len(frames) < 150
    assert frames[-1].time_s > 4.5
    assert any("damaged" in warning for warning in video.warnings)


def bad_files(folder: Path) -> Iterator[tuple[str, type[FacetellError], str]]:
    """Yield (name, error, words of its message) for inputs that are refused."""
    (folder / "empty.mp4").touch()
    yield "empty.mp4", NotMedia, "empty"
    (folder / "text.mp4").write_text("not a video at all, " * 100)
    yield "text.mp4", NotMedia, "not a video or picture"
    (folder / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(50_000))
    yield "noise.mp4", NotMedia, "not a video or picture"
    (folder / "folder.mp4").mkdir()
    yield "folder.mp4", NotMedia, "folder"
    yield "missing.mp4", InputNotFound, "no such file"
    yield "nul\0.mp4", InputUnreadable, "cannot be read"
    os.mkfifo(folder / "pipe.mp4")
    yield "pipe.mp4", InputUnreadable, "not an ordinary file"
    make_sound(folder / "sound.mp4")
    yield "sound.mp4", NotMedia, "sound only"
    make_sound(folder / "cover.mp4", cover=True)
    yield "cover.mp4", NotMedia, "sound only"
    (folder / "list.mp4").write_text("#EXTM3U\n#EXTINF:9,\nclip.mp4\n")
    yield "list.mp4", NotMedia, "playlist"
    (folder / "concat.mp4").write_text("ffconcat version 1.0\nfile clip.mp4\n")
    yield "concat.mp4", NotMedia, "playlist"
    (folder / "dash.mp4").write_text("<?xml version='1.0'?><MPD><Period/></MPD>")
    yield "dash.mp4", NotMedia, "playlist"
    (folder / "header.mkv").write_bytes(make_video(folder / "whole.mkv").read_bytes()[:300])
    yield "header.mkv", CorruptMedia, "header.mkv"
    whole = bytearray(front_indexed(folder / "zeros.mp4").read_bytes())
    body = whole.index(b"mdat") + 4
    whole[body:] = bytes(len(whole) - body)
    (folder / "zeros.mp4").write_bytes(whole)
    yield "zeros.mp4", CorruptMedia, "can be decoded"


BAD_NAMES = (
    "empty.mp4", "text.mp4", "noise.mp4", "folder.mp4", "missing.mp4", "nul\0.mp4", "pipe.mp4",
    "sound.mp4", "cover.mp4", "list.mp4", "concat.mp4", "dash.mp4", "header.mkv", "zeros.mp4",
)  # fmt: skip


@pytest.fixture(scope="module")
def refused(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[Path, type[Exception], str]]:
    folder = tmp_path_factory.mktemp("bad")
    return {name: (folder / name, kind, words) for name, kind, words in bad_files(folder)}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_decoder_process_refuses_the_same_in_the_same_words(
    refused: dict[str, tuple[Path, type[Exception], str]], name: str, decoder: Decoder
) -> None:
    path, kind, _ = refused[name]
    with pytest.raises(kind) as here:
        open_video(path)
    with pytest.raises(kind) as there:
        open_video(path, decoder=decoder)
    assert type(there.value) is kind
    assert str(there.value) == str(here.value)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_it_refuses_what_it_cannot_read_with_the_reason(
    refused: dict[str, tuple[Path, type[Exception], str]], name: str
) -> None:
    path, kind, words = refused[name]
    with pytest.raises(kind, match=words) as caught:
        open_video(path)
    assert type(caught.value) is kind
    assert path.name in str(caught.value)


def test_it_knows_all_bad_files(refused: dict[str, tuple[Path, type[Exception], str]]) -> None:
    assert set(refused) == set(BAD_NAMES)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_it_names_a_file_without_permission(tmp_path: Path) -> None:
    path = make_video(tmp_path / "secret.mp4")
    path.chmod(0)
    with pytest.raises(InputUnreadable, match="permission"):
        open_video(path)


def test_it_refuses_pictures_beyond_the_limit(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4")
    with pytest.raises(MediaTooLarge, match="96x64 is more than the limit of 6000 pixels"):
        open_video(path, Limits(pixels=6000))
    for enough in (96 * 64, 1 << 40):
        assert open_video(path, Limits(pixels=enough)).info.width == 96


def test_it_counts_stretched_pixels_against_the_limit(tmp_path: Path) -> None:
    path = make_video(tmp_path / "wide.mp4", Recipe(pixel_aspect=Fraction(5, 1)))
    with pytest.raises(MediaTooLarge, match="480x64"):
        open_video(path, Limits(pixels=96 * 64 * 2))


@pytest.mark.parametrize("name", ["a:b.mp4", "concat:a.mp4", "%03d.mp4", "ü 影.mp4", "-i.mp4"])
def test_it_takes_a_name_for_nothing_but_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, decoder: Decoder
) -> None:
    make_video(tmp_path / "made.mp4").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(taken(Path(name))[1]) == 30
    with open_video(name, decoder=decoder) as video:
        assert len(list(video.frames(ALL))) == 30


def test_it_opens_names_that_are_no_unicode(tmp_path: Path, decoder: Decoder) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    make_video(tmp_path / "made.mp4").rename(path)
    assert len(taken(path)[1]) == 30
    with open_video(path, decoder=decoder) as video:
        assert len(list(video.frames(ALL))) == 30


def test_it_reads_a_video_twice(tmp_path: Path) -> None:
    with open_video(make_video(tmp_path / "clip.mp4")) as video:
        first = [frame.index for frame in video.frames(Sampling(5))]
        assert [frame.index for frame in video.frames(Sampling(5))] == first


def test_it_stops_reading_when_nobody_wants_more(tmp_path: Path) -> None:
    with open_video(make_video(tmp_path / "clip.mp4")) as video:
        frames = video.frames(ALL)
        next(frames)
        assert isinstance(frames, Iterator)
        assert video.frames_read == 1


def test_it_follows_a_change_of_size(tmp_path: Path) -> None:
    small, large = Recipe("mpeg2video", frames=20), Recipe("mpeg2video", frames=20, size=(192, 128))
    parts = [make_video(tmp_path / f"{i}.mpg", r) for i, r in enumerate((small, large))]
    path = tmp_path / "grows.mpg"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with open_video(path) as video:
        shapes = {frame.rgb.shape for frame in video.frames(ALL)}
    assert shapes == {(64, 96, 3), (128, 192, 3)}
    with open_video(path, Limits(pixels=10_000)) as video, pytest.raises(FacetellError):
        list(video.frames(ALL))


PEAK_OF_ALL = """
import resource, sys
from facetell.video import Sampling, open_video

with open_video(sys.argv[1]) as video:
    for frame in video.frames(Sampling("all")):
        pass
print(video.frames_read, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_of_all_kb(path: Path) -> tuple[int, int]:
    """Return how many frames a fresh process reads, and its peak memory."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK_OF_ALL, str(path)], check=True, capture_output=True, text=True
    )
    frames_read, peak_kb = map(int, done.stdout.split())
    return frames_read, peak_kb


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory in other units")
def test_it_needs_no_more_memory_for_a_long_video(tmp_path: Path) -> None:
    """A frame is 0.7 MB: two thousand that lay about would be seen."""
    recipe = Recipe("mpeg4", 20, size=(640, 360), options={"g": "10"})
    short = make_video(tmp_path / "short.avi", recipe)
    long = make_video(tmp_path / "long.avi", replace(recipe, frames=2000))
    (few, short_kb), (many, long_kb) = peak_of_all_kb(short), peak_of_all_kb(long)
    assert (few, many) == (20, 2000)
    assert long_kb - short_kb < 20_000


def test_it_reads_every_clip_of_the_data(data_dir: Path) -> None:
    for path in sorted((data_dir / "videos" / "real").iterdir())[:12]:
        video, frames = taken(path, Sampling(10))
        assert len(frames) == 10, path
        assert video.warnings == [], path


def test_its_makers_write_what_they_say(tmp_path: Path) -> None:
    with av.open(str(make_video(tmp_path / "clip.mkv", CONTAINERS["clip.mkv"]))) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
