"""Pictures of every format, turned, see-through, deep, wide in colour, damaged or too large."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from facetell.errors import CorruptMedia, MediaTooLarge, MissingDependency
from facetell.options import Limits
from facetell.video import Frame, MediaInfo, Sampling, open_video
from facetell.video.picture_headers import picture_kind, picture_size
from tests.media import (
    CORNER_RGB,
    Recipe,
    cut,
    make_animation,
    make_picture,
    make_video,
    picture,
    with_exif,
)

FORMATS = (".jpg", ".png", ".webp", ".bmp", ".tiff", ".avif")
HEIC = Path(__file__).parents[1] / "data" / "turned.heic"
SIZE = (96, 64)


def shown(path: Path) -> tuple[MediaInfo, Frame]:
    with open_video(path) as video:
        frames = list(video.frames(Sampling(32)))
        assert video.warnings == []
    assert [(frame.index, frame.time_s, frame.burst) for frame in frames] == [(0, 0.0, 0)]
    return video.info, frames[0]


@pytest.mark.parametrize("suffix", FORMATS)
def test_it_reads_a_picture_as_one_frame(tmp_path: Path, suffix: str) -> None:
    info, frame = shown(make_picture(tmp_path / f"a{suffix}", picture(5, SIZE)))
    assert info.is_picture
    assert (info.width, info.height, info.fps, info.duration_s) == (96, 64, None, None)
    assert frame.rgb.shape == (64, 96, 3)
    assert frame.rgb.flags.c_contiguous
    assert np.abs(frame.rgb[8:24, 8:40].mean((0, 1)) - CORNER_RGB).max() < 6
    assert frame.rgb[-8, -8].mean() == pytest.approx(70, abs=3)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (3, 1), (31, 17)])
def test_it_reads_odd_pictures(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    _, frame = shown(make_picture(tmp_path / f"a{suffix}", picture(5, size)))
    assert frame.rgb.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("name", ["misnamed.mp4", "none"])
def test_it_goes_by_content_not_by_name(tmp_path: Path, name: str) -> None:
    made = make_picture(tmp_path / "a.jpg", picture(5, SIZE))
    info, _ = shown(made.rename(tmp_path / name))
    assert info.codec == "jpeg"


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (4, (1, 0)), (5, (0, 0)), (6, (0, 1)), (7, (1, 1)),
     (8, (1, 0))],
)  # fmt: skip
def test_it_turns_a_photo_by_exif(
    tmp_path: Path, orientation: int, corner: tuple[int, int]
) -> None:
    path = with_exif(make_picture(tmp_path / "a.jpg", picture(5, SIZE)), orientation)
    info, frame = shown(path)
    assert frame.rgb.shape[:2] == ((96, 64) if orientation > 4 else (64, 96))
    height, width = frame.rgb.shape[:2]
    row, column = (height // 4, 3 * height // 4)[corner[0]], (width // 4, 3 * width // 4)[corner[1]]
    assert np.abs(frame.rgb[row, column].astype(int) - CORNER_RGB).max() < 20
    opencv = cv2.imread(str(path))
    assert opencv is not None
    assert np.array_equal(frame.rgb, opencv[..., ::-1])
    assert (info.width, info.height) == (width, height)


def test_it_lays_what_is_see_through_on_white(tmp_path: Path) -> None:
    rgba = np.dstack([picture(5, SIZE), np.full((64, 96), 255, np.uint8)])
    rgba[:, 48:, 3] = 0
    rgba[32:, :48, 3] = 128
    rgb = shown(make_picture(tmp_path / "a.png", rgba))[1].rgb
    assert rgb[8, 8].tolist() == list(CORNER_RGB)
    assert rgb[8, 90].tolist() == [255, 255, 255]
    assert rgb[60, 8].tolist() == pytest.approx([162] * 3, abs=1)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_it_reads_sixteen_bits(tmp_path: Path, suffix: str) -> None:
    deep = picture(5, SIZE).astype(np.uint16) * 257
    rgb = shown(make_picture(tmp_path / f"a{suffix}", deep))[1].rgb
    assert np.array_equal(rgb, picture(5, SIZE))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tiff", ".webp"])
def test_it_reads_gray(tmp_path: Path, suffix: str) -> None:
    rgb = shown(make_picture(tmp_path / f"a{suffix}", np.full((20, 30), 90, np.uint8)))[1].rgb
    assert rgb.shape == (20, 30, 3)
    assert np.abs(rgb.astype(int) - 90).max() <= 1


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def profile(*columns: tuple[float, float, float]) -> bytes:
    """Return a minimal ICC profile: the light of red, green and blue in XYZ at D50."""
    tags, body = b"", b""
    for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True):
        tags += name + struct.pack(">II", 132 + 36 + len(body), 20)
        body += b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in xyz))
    head = bytearray(128)
    head[12:24] = b"mntrRGB XYZ "
    head[36:40] = b"acsp"
    data = bytes(head) + struct.pack(">I", 3) + tags + body
    return struct.pack(">I", len(data)) + data[4:]


def test_it_shows_a_photo_of_display_p3_in_its_true_colours(tmp_path: Path) -> None:
    path = make_picture(tmp_path / "a.png", np.full((8, 8, 3), (234, 51, 35), np.uint8))
    data = path.read_bytes()
    p3 = profile((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189),
                 (0.15710, 0.06657, 0.78407))  # fmt: skip
    icc = png_chunk(b"iCCP", b"P3\0\0" + zlib.compress(p3))
    path.write_bytes(data[:33] + icc + data[33:])
    # These are the Display P3 codes of the reddest red of sRGB.
    assert shown(path)[1].rgb[4, 4] == pytest.approx([255, 0, 0], abs=4)


def test_it_reads_heic_turned_as_it_asks() -> None:
    info, frame = shown(HEIC)
    assert info.codec == "heic"
    assert (info.width, info.height, info.rotation_deg) == (64, 96, 90)
    assert np.abs(frame.rgb[20, 50].astype(int) - CORNER_RGB).max() < 6


def tiled(path: Path) -> Path:
    """Make the HEIC announce a picture larger than any stream in it, as one of tiles does."""
    data = HEIC.read_bytes()
    at = data.index(b"ispe") + 8
    path.write_bytes(data[:at] + struct.pack(">II", 960, 640) + data[at + 8 :])
    return path


def test_it_names_the_package_for_tiled_heic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingDependency, match="pip install pillow-heif"):
        open_video(tiled(tmp_path / "tiles.heic"))


def test_it_hands_tiled_heic_to_pillow_heif(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    # Not a tiled picture in truth, so that the package refuses its wrong size or shows it.
    try:
        info, _ = shown(tiled(tmp_path / "tiles.heic"))
    except CorruptMedia:
        return
    assert info.codec == "heic"


def test_it_reads_any_heic_by_pillow_heif() -> None:
    pytest.importorskip("pillow_heif")
    from facetell.video.pictures import _pillow_heif

    rgb = _pillow_heif(HEIC)
    assert rgb.shape == (96, 64, 3)
    assert np.abs(rgb[20, 50].astype(int) - CORNER_RGB).max() < 6


@pytest.mark.parametrize("suffix", FORMATS)
def test_it_refuses_a_cut_off_picture(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (90, 120, 3)).astype(np.uint8)
    path = cut(make_picture(tmp_path / f"a{suffix}", noise), 0.4)
    with pytest.raises(CorruptMedia, match="copy or download it again"):
        open_video(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_it_refuses_by_the_header_before_decoding(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_picture(tmp_path / f"a{suffix}", picture(5, SIZE))
    monkeypatch.setattr(cv2, "imdecodeWithMetadata", None)
    with pytest.raises(MediaTooLarge, match="96x64 is more than the limit of 6143"):
        open_video(path, Limits(pixels=96 * 64 - 1))


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("size", [(96, 64), (1, 1), (333, 7)])
def test_it_reads_sizes_from_headers(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    data = make_picture(tmp_path / f"a{suffix}", picture(0, size)).read_bytes()
    kind = picture_kind(data)
    assert kind is not None
    assert picture_size(kind, data) == size


@pytest.mark.parametrize("suffix", FORMATS)
def test_it_finds_no_size_in_a_header_that_is_not_there(tmp_path: Path, suffix: str) -> None:
    data = make_picture(tmp_path / f"a{suffix}", picture(0, SIZE)).read_bytes()[:14]
    kind = picture_kind(data)
    assert kind is None or picture_size(kind, data) is None


def test_it_survives_any_damage(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for suffix in FORMATS:
        path = make_picture(tmp_path / f"a{suffix}", picture(5, SIZE))
        whole = path.read_bytes()
        for _ in range(30):
            data = bytearray(whole)
            for at in rng.integers(4, min(len(data), 400), 6):
                data[at] = rng.integers(256)
            path.write_bytes(data)
            expect_picture_or_refusal(path)


def expect_picture_or_refusal(path: Path) -> None:
    from facetell.errors import InputError

    try:
        with open_video(path, Limits(pixels=1 << 22)) as video:
            for frame in video.frames(Sampling(4)):
                assert frame.rgb.ndim == 3
    except (InputError, MissingDependency):
        pass


def test_it_reads_animations_frame_by_frame(tmp_path: Path) -> None:
    path = make_animation(tmp_path / "a.webp", 150, (40, 30))
    with open_video(path) as video:
        frames = list(video.frames(Sampling(10)))
        assert video.info.duration_s == pytest.approx(15)
    assert len(frames) == 10
    assert frames[-1].time_s > 10


def test_it_reads_a_cut_off_animation_as_far_as_it_goes(tmp_path: Path) -> None:
    path = cut(make_animation(tmp_path / "a.webp", 60, (200, 150)), 0.5)
    with open_video(path) as video:
        frames = list(video.frames(Sampling("all")))
    assert "cut off" in video.warnings[0]
    assert 15 < len(frames) < 45
    assert np.all(np.diff([frame.index for frame in frames]) == 1)


def test_it_takes_an_image_sequence_for_a_video(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.apng", Recipe("apng", 5, pixel_format="rgb24"))
    assert picture_kind(path.read_bytes()) is None
    assert picture_kind(b"GIF89a") is None
    assert picture_kind(b"") is None


def flat(value: int) -> npt.NDArray[np.uint8]:
    return np.full((4, 4, 3), value, np.uint8)


@pytest.mark.parametrize("name", ["%03d.jpg", "a:b.png", "ü 影.webp", "-.tiff"])
def test_it_takes_a_picture_name_for_nothing_but_a_name(tmp_path: Path, name: str) -> None:
    path = make_picture(tmp_path / f"made{Path(name).suffix}", flat(99)).rename(tmp_path / name)
    assert np.abs(shown(path)[1].rgb.astype(int) - 99).max() <= 2
