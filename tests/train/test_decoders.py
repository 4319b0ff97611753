from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from facetell.train.decoders import STRIDES, UPSAMPLERS, Autoencoder, decoded, train_autoencoder
from facetell.train.store import Pixels
from tests.train.made_store import face

SIDE = 112


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("upsampler", UPSAMPLERS)
def test_an_autoencoder_gives_back_the_pictures_size(upsampler: str, stride: int) -> None:
    model = Autoencoder(upsampler, stride)
    assert model(torch.zeros(2, 3, 48, 64)).shape == (2, 3, 48, 64)


def textured(seed: int) -> Pixels:
    grain = np.random.default_rng(seed).normal(0, 90, (SIDE, SIDE)).astype(np.float32)
    soft = cv2.GaussianBlur(grain, (0, 0), 1.5)[..., None]
    return np.asarray(np.clip(face(seed, SIDE) + soft, 0, 255), np.uint8)


def test_it_learns_to_reproduce() -> None:
    pictures = np.stack([textured(k) for k in range(4)])
    x = torch.from_numpy(pictures.transpose(0, 3, 1, 2) / 255.0).float()

    def error(steps: int) -> float:
        model = train_autoencoder(pictures, "nearest", 2, steps, seed=0)
        with torch.no_grad():
            again = model(x)
        return float((again - x).abs().mean())

    assert error(40) < 0.5 * error(1)


def test_only_fine_detail_is_the_decoders_and_it_is_as_strong_as_the_reals() -> None:
    picture = textured(1)
    model = train_autoencoder(picture[None], "bilinear", 2, 60, seed=0)
    fake = decoded(picture, model, np.random.default_rng(0))
    coarse = [cv2.GaussianBlur(x.astype(np.float32), (0, 0), 8.0) for x in (picture, fake)]
    assert np.abs(coarse[0] - coarse[1]).max() < 4
    strength = (fake - coarse[1]).std() / (picture - coarse[0]).std()
    assert 0.5 < strength < 1.3
    assert np.abs(fake.astype(float) - picture).mean() > 2
