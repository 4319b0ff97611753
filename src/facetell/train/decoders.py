"""Whole-face fakes made from reals: each passed through one of several small autoencoders.

Whatever forges a face ends in a decoder, and up-sampling leaves traces of its own (Zhang et al.
2019, "Detecting and simulating artifacts in GAN fake images", arXiv:1907.06515; Rajan et al. 2025,
"Aligned datasets improve detection of latent diffusion-generated images", arXiv:2410.11835). The
decoded picture shows the same person, scene and camera as its real, so nothing but the decoder is
left to be learned. Only the detail is the decoder's, colour and shading are the real's own; lost
detail is sharpened back, or blur alone would tell the two apart.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Pixels = npt.NDArray[np.uint8]

UPSAMPLERS = ("nearest", "bilinear", "transposed 4", "transposed 3", "shuffle")
STRIDES = (2, 4)
PATCH_PX = 96
BATCH = 16
COARSE_PX = 3.0
EDGE_PX = 8
"""Mirrored around a picture before it is coded: the zeros beyond an edge would leave a frame."""
MOST_GAIN = 4.0
"""Sharpening stops here: what is wholly lost cannot be brought back."""


class Autoencoder(nn.Module):
    """RGB (N, 3, H, W) in 0–1 → the same, through a bottleneck.

    Args:
        upsampler: how the decoder enlarges, one of `UPSAMPLERS`.
        stride: how many times smaller the bottleneck is; H and W are multiples of it.
        width: channels next to the pictures.
        latent: channels of the bottleneck.
    """

    def __init__(self, upsampler: str, stride: int, width: int = 20, latent: int = 12) -> None:
        super().__init__()
        steps = stride.bit_length() - 1
        widths = [width * min(2**k, 4) for k in range(steps + 1)]
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.SiLU()]
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.SiLU()]
        layers += [nn.Conv2d(widths[-1], latent, 1), nn.Conv2d(latent, widths[-1], 3, padding=1)]
        for before, after in pairwise(widths[::-1]):
            layers += [nn.SiLU(), *_enlarging(upsampler, before, after)]
        self.layers = nn.Sequential(*layers, nn.SiLU(), nn.Conv2d(width, 3, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Reproduce pictures (N, 3, H, W)."""
        return cast(Tensor, self.layers(x))


def _enlarging(upsampler: str, before: int, after: int) -> list[nn.Module]:
    if upsampler == "transposed 4":
        return [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
    if upsampler == "transposed 3":
        return [nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=1)]
    if upsampler == "shuffle":
        return [nn.Conv2d(before, after * 4, 3, padding=1), nn.PixelShuffle(2)]
    return [nn.Upsample(scale_factor=2, mode=upsampler), nn.Conv2d(before, after, 3, padding=1)]


def train_autoencoder(
    pictures: Pixels, upsampler: str, stride: int, steps: int, seed: int
) -> Autoencoder:
    """Train one autoencoder to reproduce patches of real pictures.

    Args:
        pictures: RGB, uint8 (N, S, S, 3), S at least 96.
        upsampler: see `Autoencoder`.
        stride: see `Autoencoder`.
        steps: of 16 patches each.
        seed: of weights and patches.
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    model = Autoencoder(upsampler, stride)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    for _ in range(steps):
        patches = np.stack([_patch(pictures, rng) for _ in range(BATCH)]).transpose(0, 3, 1, 2)
        x = torch.from_numpy(patches).float().div(255)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            y = model(x)
        error = y.float() - x
        loss = error.abs().mean() + error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()
    return model


def _patch(pictures: Pixels, rng: np.random.Generator) -> Pixels:
    k = int(rng.integers(len(pictures)))
    y, x = (int(rng.integers(size - PATCH_PX + 1)) for size in pictures.shape[1:3])
    return np.asarray(pictures[k, y : y + PATCH_PX, x : x + PATCH_PX], np.uint8)


@torch.no_grad()
def decoded(picture: Pixels, model: Autoencoder, rng: np.random.Generator) -> Pixels:
    """Pass a picture, RGB uint8 (S, S, 3), through an autoencoder.

    What is finer than `COARSE_PX` is the decoder's, sharpened to 0.7 to 1.15 times the real's.
    """
    side = picture.shape[0]
    edges = (EDGE_PX, EDGE_PX + -side % max(STRIDES))
    wide = np.pad(picture, (edges, edges, (0, 0)), mode="reflect")
    x = torch.from_numpy(wide.transpose(2, 0, 1)[None].copy()).float().div(255)
    with torch.autocast("cpu", torch.bfloat16):
        y = model(x.contiguous(memory_format=torch.channels_last))
    inside = slice(EDGE_PX, EDGE_PX + side)
    coded = y[0, :, inside, inside].float().numpy().transpose(1, 2, 0) * 255
    light = picture.astype(np.float32)
    coarse = cv2.GaussianBlur(light, (0, 0), COARSE_PX)
    fine = coded - cv2.GaussianBlur(coded, (0, 0), COARSE_PX)
    wanted = float((light - coarse).std()) * rng.uniform(0.7, 1.15)
    gain = min(max(wanted / (float(fine.std()) + 1e-6), 1.0), MOST_GAIN)
    return np.asarray(np.clip(np.round(coarse + gain * fine), 0, 255), np.uint8)
