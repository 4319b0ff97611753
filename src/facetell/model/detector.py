"""The deepfake detector: per-frame encoder → features → temporal head → one logit a clip.

Beside it each frame has a logit of its own whose weights, applied to the feature maps before
pooling, give a class activation map (Zhou et al. 2016, arXiv:1512.04150). Positive means fake
everywhere.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from facetell.model.encoders import Encoder, make_encoder
from facetell.model.temporal import make_temporal_head

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""ImageNet's mean and standard deviation of RGB in 0–1, which the encoders' weights expect."""


class Output(NamedTuple):
    """What the detector says of a batch of clips.

    Attributes:
        clip_logit: (B,), positive means fake.
        frame_logits: (B, T), positive means fake; 0 where the frame is absent.
        activation_maps: (B, T, h, w), each frame's logit spread over the crop: its mean over
            (h, w) is the frame's logit.
        features: (B, T, F).
    """

    clip_logit: Tensor
    frame_logits: Tensor
    activation_maps: Tensor
    features: Tensor


class Scores(NamedTuple):
    """What training needs: clip logits (B,), frame logits (B, T), features (B, T, F)."""

    clip_logit: Tensor
    frame_logits: Tensor
    features: Tensor


class Detector(nn.Module):
    """Encoder, frame head and temporal head.

    Args:
        encoder: name of an encoder, see `facetell.model.encoders`.
        hidden: width of the temporal head.
        dropout: share of features dropped before each linear layer in training.
        temporal: name of a temporal head, see `facetell.model.temporal`.
    """

    def __init__(
        self,
        encoder: str = "efficientnet_lite0",
        hidden: int = 256,
        dropout: float = 0.3,
        temporal: str = "lstm",
    ) -> None:
        super().__init__()
        self.encoder = make_encoder(encoder)
        channels = cast(Encoder, self.encoder).feature_channels
        self.frame_head = nn.Linear(channels, 1)
        self.dropout = nn.Dropout(dropout)
        self.temporal = make_temporal_head(temporal, channels, hidden, dropout)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1) * 255, persistent=False)

    def encode(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Turn frames uint8 (N, 3, H, W) into feature maps (N, F, h, w) and features (N, F)."""
        x = (pixels.to(self.frame_head.weight.dtype) - self.mean) / self.std
        maps = self.encoder(x.contiguous(memory_format=torch.channels_last))  # (N, F, h, w)
        return maps, maps.mean(dim=(2, 3))

    def heads(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Turn features (B, T, F) into clip logits (B,) and frame logits (B, T)."""
        frame_logits = self.frame_head(self.dropout(features)).squeeze(-1) * mask  # (B, T)
        return self.temporal(features, frame_logits, mask), frame_logits

    def logits(self, pixels: Tensor, mask: Tensor) -> Scores:
        """Score clips as `forward` does, but encode present frames only: for training."""
        present = mask > 0
        _, flat = self.encode(pixels[present])  # (N, F)
        features = flat.new_zeros(*mask.shape, flat.shape[-1])  # (B, T, F)
        features[present] = flat
        return Scores(*self.heads(features, mask), features)

    def forward(self, pixels: Tensor, mask: Tensor) -> Output:
        """Score a batch of clips.

        Args:
            pixels: RGB 0–255, uint8, (B, T, 3, H, W).
            mask: float, (B, T), 1 where there is a frame and 0 where there is none.
        """
        batch, time = pixels.shape[:2]
        maps, flat = self.encode(pixels.flatten(0, 1))  # (B*T, F, h, w), (B*T, F)
        features = flat.view(batch, time, -1) * mask.unsqueeze(-1)  # (B, T, F)
        clip_logit, frame_logits = self.heads(features, mask)
        activation = nn.functional.conv2d(
            maps, self.frame_head.weight[:, :, None, None], self.frame_head.bias
        )  # (B*T, 1, h, w)
        activation = activation.view(batch, time, *activation.shape[2:])  # (B, T, h, w)
        return Output(clip_logit, frame_logits, activation, features)
