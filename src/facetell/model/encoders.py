"""The encoders by name, behind one small interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from facetell.errors import UsageError
from facetell.model.efficientnet import EfficientNetLite, EfficientNetLiteStages
from facetell.model.resnext import ResNeXt50
from facetell.model.vit import VisionTransformer


class Encoder(Protocol):
    """A network from normalised pixels (N, 3, H, W) to feature maps (N, C, h, w)."""

    feature_channels: int

    def __call__(self, pixels: Tensor) -> Tensor: ...

    def untrained(self, count: int) -> list[nn.Module]:
        """Return what stays as it began, `count` early blocks among it."""
        ...

    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        """Take public weights; a RuntimeError if they are another network's."""
        ...


class EncoderPair(nn.Module):
    """Two encoders side by side: one is trained, the other stays as ImageNet made it.

    Training on few kinds of forgery makes an encoder forget what other kinds look like; the
    untrained half keeps it (see MODEL_CARD.md for what that is worth). Both give maps of one size.
    """

    def __init__(self, trained: nn.Module, general: nn.Module) -> None:
        super().__init__()
        self.trained, self.general = trained, general
        self.widths = tuple(cast(Encoder, e).feature_channels for e in (trained, general))
        self.feature_channels = sum(self.widths)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the maps of both (N, C, h, w), the trained one's first."""
        return torch.cat([self.trained(pixels), self.general(pixels)], dim=1)

    def untrained(self, count: int) -> list[nn.Module]:
        """Return what is never trained: the general half, and the other's first blocks."""
        return [self.general, *cast(Encoder, self.trained).untrained(count)]

    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        """Begin with the same weights in both halves."""
        for half in (self.trained, self.general):
            cast(Encoder, half).load_imagenet(state)


ENCODERS: dict[str, Callable[[], nn.Module]] = {
    "efficientnet_lite0": lambda: EfficientNetLite(0),
    "efficientnet_lite1": lambda: EfficientNetLite(1),
    "efficientnet_lite2": lambda: EfficientNetLite(2),
    "efficientnet_lite0_stages": lambda: EfficientNetLiteStages(0),
    "efficientnet_lite0_pair": lambda: EncoderPair(EfficientNetLite(0), EfficientNetLiteStages(0)),
    "resnext50_32x4d": ResNeXt50,
    "vit_b_16": lambda: VisionTransformer(width=768, depth=12, heads=12),
    "vit_small": lambda: VisionTransformer(width=384, depth=12, heads=6),
}


def make_encoder(name: str) -> nn.Module:
    """Return a new encoder with random weights; it fulfils `Encoder`.

    Raises:
        UsageError: no encoder has this name.
    """
    if name not in ENCODERS:
        raise UsageError(f"no encoder {name!r}: choose one of {', '.join(ENCODERS)}")
    return ENCODERS[name]()
