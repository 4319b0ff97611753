"""The detector class of the older ResNeXt + LSTM projects, as they wrote it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from facetell.model.resnext import ResNeXt50


class OldModel(nn.Module):
    """`pool` tells training's version ("mean") from the application's ("last")."""

    def __init__(self, pool: str, bidirectional: bool = False) -> None:
        super().__init__()
        # torchvision's children without the last two are those of ours, in the same order
        self.model: nn.Module = nn.Sequential(*ResNeXt50().children())
        self.lstm = nn.LSTM(2048, 2048, 1, bidirectional)
        self.relu = nn.LeakyReLU()
        self.dp = nn.Dropout(0.4)
        self.linear1 = nn.Linear(2048, 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.pool = pool

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        batch_size, seq_length, c, h, w = x.shape
        x = x.view(batch_size * seq_length, c, h, w)
        fmap = self.model(x)
        x = self.avgpool(fmap)
        x = x.view(batch_size, seq_length, 2048)
        x_lstm, _ = self.lstm(x, None)
        pooled = torch.mean(x_lstm, dim=1) if self.pool == "mean" else x_lstm[:, -1, :]
        return fmap, self.dp(self.linear1(pooled))


def made_model(pool: str = "mean") -> OldModel:
    """Return one whose answers differ from frame to frame, in evaluation mode."""
    torch.manual_seed(5)
    model = OldModel(pool)
    with torch.no_grad():
        model.linear1.weight *= 30
        model.lstm.get_parameter("weight_ih_l0").mul_(4)
    return model.eval()


def p_fake(model: OldModel, rgb: npt.NDArray[np.uint8]) -> float:
    """Say what the application says of RGB crops (T, 3, H, W): class 0 is fake, colours BGR."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    bgr = torch.from_numpy(rgb[:, ::-1].copy()).float() / 255  # as cv2.VideoCapture reads
    with torch.no_grad():
        _, logits = model(((bgr - mean) / std).unsqueeze(0))
    return float(torch.softmax(logits, 1)[0, 0])
