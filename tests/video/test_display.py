"""What a viewer sees: turned upright, by the right matrix and range, HDR in its true colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from facetell.video import Frame, MediaInfo, Sampling, open_video
from facetell.video.tonemap import colour_map
from tests.media import (
    CORNER_RGB,
    X265,
    Recipe,
    flat_planes,
    make_planes,
    make_video,
    turned,
)

BT709, BT601, BT2020 = (0.2126, 0.0722), (0.299, 0.114), (0.2627, 0.0593)
"""Weights of red and blue in the luma, ITU-T H.273."""

ROSE = (0.8, 0.45, 0.35)
"""A skin tone, as sRGB codes in 0–1."""

# Linear BT.709 → linear BT.2020, ITU-R BT.2087-0.
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def yuv_codes(
    signal: tuple[float, float, float], weights: tuple[float, float], depth: int, full: bool
) -> tuple[int, int, int]:
    """Return the Y, U and V codes of an R'G'B' signal in 0–1 (ITU-T H.273, section 8.3)."""
    red, _, blue = signal
    luma = np.dot(signal, (weights[0], 1 - sum(weights), weights[1]))
    chroma = (blue - luma) / (2 - 2 * weights[1]), (red - luma) / (2 - 2 * weights[0])
    scale = 1 << (depth - 8)
    if full:
        top = (1 << depth) - 1
        return round(luma * top), *(round(c * top + 128 * scale) for c in chroma)
    return round((219 * luma + 16) * scale), *(round((224 * c + 128) * scale) for c in chroma)


def shown(path: Path) -> tuple[MediaInfo, Frame]:
    with open_video(path) as video:
        return video.info, next(iter(video.frames(Sampling(1))))


def linear(signal: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the light of sRGB codes in 0–1 (IEC 61966-2-1)."""
    signal = np.asarray(signal)
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def pq(nits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the PQ signal of light (SMPTE ST 2084, equation 5.2)."""
    power = (nits / 10000) ** 0.1593017578125
    ratio = (0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)
    return np.asarray(ratio**78.84375)


def hlg(nits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the HLG signal of light on a display of 1000 cd/m² (ITU-R BT.2100, table 5)."""
    luminance = nits @ (0.2627, 0.6780, 0.0593) / 1000
    scene = nits / 1000 * luminance ** (1 / 1.2 - 1)
    upper = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("matrix", "weights"), [(1, BT709), (5, BT601), (6, BT601), (9, BT2020)], ids=str
)
@pytest.mark.parametrize(("depth", "kind"), [(8, "yuv420p"), (10, "yuv420p10le")])
def test_it_heeds_matrix_and_range(
    tmp_path: Path, matrix: int, weights: tuple[float, float], full: bool, depth: int, kind: str
) -> None:
    codes = yuv_codes(ROSE, weights, depth, full)
    recipe = Recipe("ffv1", frames=1, pixel_format=kind, tags=(matrix, 1 + full, 1, 1))
    path = make_planes(tmp_path / "a.mkv", flat_planes(codes, recipe.size, depth), recipe)
    _, frame = shown(path)
    assert np.abs(frame.rgb - np.array(ROSE) * 255).max() <= 3.5


@pytest.mark.parametrize(("size", "weights"), [((96, 64), BT601), ((1280, 720), BT709)])
def test_it_assumes_the_matrix_of_the_size_where_none_is_named(
    tmp_path: Path, size: tuple[int, int], weights: tuple[float, float]
) -> None:
    recipe = Recipe("ffv1", frames=1, size=size)
    planes = flat_planes(yuv_codes(ROSE, weights, 8, full=False), size, 8)
    _, frame = shown(make_planes(tmp_path / "a.mkv", planes, recipe))
    assert np.abs(frame.rgb - np.array(ROSE) * 255).max() <= 3.5


def hdr_path(folder: Path, light_709: npt.NDArray[np.float64], transfer: int, codec: str) -> Path:
    """Write a colour, given in BT.709 light with 1 = 203 cd/m², as 10-bit HDR."""
    nits = TO_BT2020 @ light_709 * 203
    red, green, blue = (pq if transfer == 16 else hlg)(nits).tolist()
    codes = yuv_codes((red, green, blue), BT2020, 10, full=False)
    options = {"x265-params": X265, "crf": "4"} if codec == "libx265" else {}
    recipe = Recipe(codec, 2, pixel_format="yuv420p10le", tags=(9, 1, transfer, 9), options=options)
    suffix = ".mp4" if codec == "libx265" else ".mkv"
    planes = flat_planes(codes, recipe.size, 10)
    return make_planes(folder / f"hdr{suffix}", planes, recipe)


@pytest.mark.parametrize("codec", ["libx265", "ffv1"])
@pytest.mark.parametrize("transfer", [16, 18], ids=["pq", "hlg"])
@pytest.mark.parametrize(
    "colour", [ROSE, (0.5, 0.5, 0.5), (0.1, 0.2, 0.6), (0.02, 0.02, 0.02), (0.75, 0.2, 0.15)]
)
def test_it_shows_hdr_in_its_true_colours(
    tmp_path: Path, transfer: int, codec: str, colour: tuple[float, float, float]
) -> None:
    info, frame = shown(hdr_path(tmp_path, linear(colour), transfer, codec))
    assert info.hdr
    error = np.abs(frame.rgb.reshape(-1, 3).mean(0) - np.array(colour) * 255).max()
    assert error <= 4, frame.rgb[0, 0]


@pytest.mark.parametrize("transfer", [16, 18], ids=["pq", "hlg"])
def test_it_rolls_off_highlights_and_keeps_their_order(tmp_path: Path, transfer: int) -> None:
    whites = [
        shown(hdr_path(tmp_path, np.full(3, light), transfer, "ffv1"))[1].rgb.mean()
        for light in (0.75, 1.0, 1.5, 2.5, 4.8)
    ]
    assert np.all(np.diff(whites) > 0)
    assert whites[0] == pytest.approx(225, abs=2)  # as it is: sRGB of 0.75
    assert 235 < whites[1] < 245  # reference white leaves room above
    assert whites[-1] > 253


def test_it_keeps_the_hue_of_what_it_rolls_off(tmp_path: Path) -> None:
    light = linear(ROSE) * 4
    _, frame = shown(hdr_path(tmp_path, light, 16, "ffv1"))
    out = linear(frame.rgb[0, 0] / 255)
    assert out / out.max() == pytest.approx(light / light.max(), abs=0.03)


def test_it_calls_ordinary_pictures_no_hdr(tmp_path: Path) -> None:
    info, _ = shown(make_video(tmp_path / "a.mp4", Recipe(frames=2)))
    assert not info.hdr


def test_it_maps_wide_gamuts_without_hdr(tmp_path: Path) -> None:
    light = TO_BT2020 @ linear(ROSE)
    signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    red, green, blue = signal.tolist()
    codes = yuv_codes((red, green, blue), BT2020, 10, full=False)
    recipe = Recipe("ffv1", 1, pixel_format="yuv420p10le", tags=(9, 1, 14, 9))
    planes = flat_planes(codes, recipe.size, 10)
    info, frame = shown(make_planes(tmp_path / "a.mkv", planes, recipe))
    assert not info.hdr
    assert np.abs(frame.rgb - np.array(ROSE) * 255).max() <= 3


def test_it_leaves_ordinary_colours_alone() -> None:
    assert colour_map(1, 1) is None
    assert colour_map(2, 2) is None


MATRICES = {
    (1, 0, 0, 1): ("upper left", 0),
    (0, 1, -1, 0): ("upper right", 90),
    (-1, 0, 0, -1): ("lower right", 180),
    (0, -1, 1, 0): ("lower left", 270),
    (-1, 0, 0, 1): ("upper right", 0),
    (1, 0, 0, -1): ("lower left", 0),
}
"""Display matrix → where the coloured quarter goes, and the turn clockwise."""


def corner_of(rgb: npt.NDArray[np.uint8]) -> str:
    height, width = rgb.shape[:2]
    found = []
    for row, name in ((height // 4, "upper"), (3 * height // 4, "lower")):
        for column, side in ((width // 4, "left"), (3 * width // 4, "right")):
            if np.abs(rgb[row, column].astype(int) - CORNER_RGB).max() < 20:
                found.append(f"{name} {side}")
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("matrix", MATRICES, ids=str)
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_it_turns_and_mirrors_as_the_file_asks(
    tmp_path: Path, matrix: tuple[int, int, int, int], suffix: str
) -> None:
    corner, rotation_deg = MATRICES[matrix]
    path = turned(make_video(tmp_path / f"phone{suffix}", Recipe(frames=3)), matrix)
    info, frame = shown(path)
    assert corner_of(frame.rgb) == corner
    assert info.rotation_deg == rotation_deg
    assert (info.height, info.width) == frame.rgb.shape[:2]
    assert frame.rgb.shape[:2] == ((96, 64) if rotation_deg in (90, 270) else (64, 96))
