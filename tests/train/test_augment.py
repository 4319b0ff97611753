from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facetell.train.augment import (
    degrade,
    draw_degradation,
    recompress_h264,
    recompress_jpeg,
)
from facetell.train.validation import PLAIN
from tests.train.made_store import face


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_it_degrades_a_real_and_its_fake_alike() -> None:
    real = face(1)
    fake = real.copy()
    fake[30:40, 30:40] = 255
    draw = replace(PLAIN, flip=True, gamma=1.2, resolution=0.5, blur_px=1.0)
    one, other = (degrade([x], draw, rng(), 64, 1.0)[0] for x in (real, fake))
    far = np.ones((64, 64), bool)
    far[15:50, 15:50] = False
    assert np.array_equal(one[far], other[far])


def test_it_cuts_the_models_square_out_of_a_larger_crop() -> None:
    stored = np.zeros((130, 130, 3), np.uint8)
    stored[15:115, 15:115] = 200
    cut = degrade([stored], PLAIN, rng(), 100, margin=1.3)[0]
    assert cut.shape == (100, 100, 3)
    assert cut[2:-2, 2:-2].min() == 200


def test_it_flips() -> None:
    stored = face(1, 64)
    flipped = degrade([stored], replace(PLAIN, flip=True), rng(), 64, 1.0)[0]
    straight = degrade([stored], PLAIN, rng(), 64, 1.0)[0]
    assert np.abs(flipped[:, ::-1].astype(int) - straight).mean() < 1.5


@pytest.mark.parametrize(("good", "bad"), [(90, 30)])
def test_jpeg_loses_more_at_a_lower_quality(good: int, bad: int) -> None:
    frame = face(1)
    losses = [np.abs(recompress_jpeg(frame, q).astype(int) - frame).mean() for q in (good, bad)]
    assert 0 < losses[0] < losses[1]


def test_h264_keeps_count_and_size_and_loses_more_at_a_higher_crf() -> None:
    frames = [face(k, 64) for k in range(3)]
    fine, coarse = recompress_h264(frames, 17), recompress_h264(frames, 40)
    assert [f.shape for f in coarse] == [(64, 64, 3)] * 3
    errors = [np.abs(np.stack(x).astype(int) - np.stack(frames)).mean() for x in (fine, coarse)]
    assert errors[0] < errors[1] < 40


def test_it_draws_every_kind_of_degradation() -> None:
    generator = rng()
    draws = [draw_degradation(generator) for _ in range(300)]
    assert 0.2 < np.mean([d.crf is not None for d in draws]) < 0.45
    assert 0.3 < np.mean([d.jpeg is not None for d in draws]) < 0.6
    assert 0.35 < np.mean([d.flip for d in draws]) < 0.65
    assert all(17 <= d.crf <= 40 for d in draws if d.crf is not None)
    assert all(30 <= d.jpeg <= 100 for d in draws if d.jpeg is not None)
    for draw in draws[:20]:
        assert degrade([face(1)], draw, generator, 64, 1.3)[0].shape == (64, 64, 3)
