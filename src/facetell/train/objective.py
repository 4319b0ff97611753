"""What training makes small: the cross-entropy of frames and clips, and fakes below their reals."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facetell.model.detector import Detector
from facetell.train.config import RunConfig
from facetell.train.dataset import Batch
from facetell.train.device import mixed_precision
from facetell.train.distill import Imitation, Lesson, resized


class Objective(nn.Module):
    """A batch, and what a teacher says of it → the loss. Its parameters are all that is trained.

    Args:
        model: the detector.
        config: weights of the parts.
        taught_features: channels of a teacher's features; 0 without one.
    """

    def __init__(self, model: Detector, config: RunConfig, taught_features: int = 0) -> None:
        super().__init__()
        self.model = model
        self._config = config
        self.imitation: Imitation | None = None
        if taught_features:
            channels = model.frame_head.in_features
            self.imitation = Imitation(config.teacher, channels, taught_features)

    def forward(self, batch: Batch, lesson: Lesson | None = None) -> Tensor:
        """Return the loss of a batch at the student's or the teacher's side."""
        pixels = resized(batch.pixels, self._config.side_px)
        with mixed_precision(pixels.device):
            scores = self.model.logits(pixels, batch.mask)
        clip, frames, features = (t.float() for t in scores)
        loss = supervised_loss(clip, frames, batch, self._config)
        if self.imitation is not None and lesson is not None:
            loss = loss + self.imitation(frames, features, lesson, batch.mask)
        return loss


def supervised_loss(clip: Tensor, frames: Tensor, batch: Batch, config: RunConfig) -> Tensor:
    """Return the loss of clip logits (B,) and frame logits (B, T) against the labels."""
    smoothing, mask = config.label_smoothing, batch.mask
    labels = batch.is_fake.unsqueeze(1).expand_as(frames)
    each = bce(frames, labels, smoothing) * mask  # (B, T)
    right = each.sum() / mask.sum() + bce(clip, batch.is_fake, smoothing).mean()
    by_frame = (frames * mask).sum(1) / mask.sum(1)  # (B,)
    return right + config.rank_weight * (rank_loss(clip) + rank_loss(by_frame))


def bce(logits: Tensor, is_fake: Tensor, smoothing: float) -> Tensor:
    """Return the binary cross-entropy of logits against labels of their shape, one by one."""
    target = is_fake * (1 - 2 * smoothing) + smoothing
    return nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")


def rank_loss(logits: Tensor) -> Tensor:
    """Return how far fakes fail to score above the reals that they were made from.

    Scene, person and degradation are the same for both, so this asks for the forgery alone.

    Args:
        logits: (B,), real and fake of each group in turn.
    """
    real, fake = logits.view(-1, 2).unbind(1)  # (B/2,) each
    return nn.functional.softplus(real - fake).mean()


@torch.no_grad()
def follow(averaged: nn.Module, model: nn.Module, decay: float) -> None:
    """Move averaged weights towards the model's: an exponential moving average.

    The statistics of batch normalisation are averages already and are copied.
    """
    for kept, new in zip(averaged.parameters(), model.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)
    for mine, its in zip(averaged.buffers(), model.buffers(), strict=True):
        mine.copy_(its)
