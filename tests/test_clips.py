from __future__ import annotations

import numpy as np
import pytest

from facetell.clips import ClipBuilder, crop_face, crop_square
from facetell.faces import Face
from facetell.tracks import Observation
from facetell.weights import CropGeometry

GEOMETRY = CropGeometry("centerface", scale=1.0, shift_y=0.0, side_px=32)


def seen(
    track: int, index: int, time_s: float, burst: int, box: tuple[float, ...] = (10, 10, 42, 42)
) -> Observation:
    face = Face(box, 0.9, np.zeros((5, 2), np.float32))  # type: ignore[arg-type]
    return Observation(track, index, time_s, burst, face, 0.8)


def picture(height: int = 64, width: int = 80) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def test_it_cuts_the_very_pixels_of_a_square_box() -> None:
    rgb = picture()
    assert np.array_equal(crop_face(rgb, (10, 20, 42, 52), GEOMETRY), rgb[20:52, 10:42])


def test_it_scales_the_square_and_moves_it_down() -> None:
    geometry = CropGeometry("centerface", scale=1.5, shift_y=0.1, side_px=32)
    x, y, side = crop_square((0, 0, 10, 40), geometry)
    assert (x, y) == (5, 20 + 4)
    assert side == pytest.approx(1.5 * 20)


@pytest.mark.parametrize("box", [(-20, -20, 12, 12), (70, 50, 102, 82), (-500, -500, 600, 600)])
def test_it_fills_what_lies_beyond_the_frame(box: tuple[float, float, float, float]) -> None:
    rgb = np.full((64, 80, 3), 200, np.uint8)
    crop = crop_face(rgb, box, GEOMETRY)
    assert crop.shape == (32, 32, 3)
    assert (crop == 200).all()


def test_it_gives_an_empty_crop_for_a_box_wholly_outside() -> None:
    crop = crop_face(picture(), (500, 500, 532, 532), GEOMETRY)
    assert crop.shape == (32, 32, 3)
    assert not crop.any()


def test_it_averages_over_areas_when_it_shrinks() -> None:
    checks = np.indices((64, 64)).sum(0) % 2 * 255
    rgb = np.repeat(checks[..., None], 3, 2).astype(np.uint8)
    crop = crop_face(rgb, (0, 0, 64, 64), GEOMETRY)
    assert np.abs(crop.astype(int) - 127).max() <= 1


def test_it_keeps_the_bursts_of_interleaved_frames_apart() -> None:
    builder = ClipBuilder(GEOMETRY)
    rgb = picture()
    for index in range(6):
        assert builder.add(rgb, index / 30, [seen(1, index, index / 30, burst=index % 2)]) == []
    first, second = builder.finish()
    assert first.frame_indices.tolist() == [0, 2, 4]
    assert second.frame_indices.tolist() == [1, 3, 5]
    assert first.pixels.shape == (3, 3, 32, 32)
    assert np.array_equal(first.pixels[0].transpose(1, 2, 0), rgb[10:42, 10:42])


def test_it_gives_a_clip_back_once_its_burst_is_over() -> None:
    builder = ClipBuilder(GEOMETRY, patience_s=1.0)
    rgb = picture()
    builder.add(rgb, 0.0, [seen(1, 0, 0.0, 0), seen(2, 0, 0.0, 0)])
    builder.add(rgb, 0.1, [seen(1, 1, 0.1, 0)])
    complete = builder.add(rgb, 5.0, [seen(1, 2, 5.0, 1)])
    assert [(c.track_id, c.burst, len(c.times_s)) for c in complete] == [(1, 0, 2), (2, 0, 1)]
    assert [c.burst for c in builder.finish()] == [1]
    assert builder.finish() == []
