"""An encoder of a few thousand weights, so that whole runs take a second."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from facetell.model.encoders import ENCODERS

NAME = "tiny"


class TinyEncoder(nn.Module):
    """Pixels (N, 3, H, W) → feature maps (N, 16, H/8, W/8)."""

    feature_channels = 16

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 16, kernel_size=3, stride=4, padding=1)

    def forward(self, pixels: Tensor) -> Tensor:
        x = nn.functional.relu(self.norm(self.first(pixels)))  # (N, 8, H/2, W/2)
        return nn.functional.relu(self.second(x))  # (N, 16, H/8, W/8)

    def untrained(self, count: int) -> list[nn.Module]:
        return [self.first, self.norm] if count else []

    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        self.load_state_dict(state)


def add_tiny_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs name it."""
    monkeypatch.setitem(ENCODERS, NAME, TinyEncoder)
