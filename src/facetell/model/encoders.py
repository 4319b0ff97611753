"""The encoders by name, behind one small interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor, nn

from facetell.errors import UsageError
from facetell.model.efficientnet import EfficientNetLite
from facetell.model.resnext import ResNeXt50


class Encoder(Protocol):
    """A network from normalised pixels (N, 3, H, W) to feature maps (N, C, h, w)."""

    feature_channels: int

    def __call__(self, pixels: Tensor) -> Tensor: ...

    def early(self, count: int) -> list[nn.Module]: ...

    def load_imagenet(self, state: dict[str, Tensor]) -> None: ...


ENCODERS: dict[str, Callable[[], nn.Module]] = {
    "efficientnet_lite0": lambda: EfficientNetLite(0),
    "efficientnet_lite1": lambda: EfficientNetLite(1),
    "efficientnet_lite2": lambda: EfficientNetLite(2),
    "resnext50_32x4d": ResNeXt50,
}


def make_encoder(name: str) -> nn.Module:
    """Return a new encoder with random weights; it fulfils `Encoder`.

    Raises:
        UsageError: no encoder has this name.
    """
    if name not in ENCODERS:
        raise UsageError(f"no encoder {name!r}: choose one of {', '.join(ENCODERS)}")
    return ENCODERS[name]()
