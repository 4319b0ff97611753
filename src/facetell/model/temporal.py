"""The temporal heads by name: features and logits of a clip's frames → one logit for the clip.

Güera and Delp (2018) put an LSTM on CNN features; a GRU (Cho et al. 2014), attention alone and the
plain mean of the frames are there to tell what the LSTM is worth. All run over time (not over the
batch), look back only, so that they can run as a stream, and leave absent frames out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from facetell.errors import UsageError

ABSENT = -1e4
"""Attention score of an absent frame: zero after softmax, and finite in half precision too."""


class TemporalHead(Protocol):
    """Features (B, T, F), frame logits (B, T) and mask (B, T) → clip logits (B,)."""

    def __call__(self, features: Tensor, frame_logits: Tensor, mask: Tensor) -> Tensor: ...

    def states(self, features: Tensor, mask: Tensor) -> Tensor:
        """Return what is known after each frame, (B, T, H): of it and those before it alone."""
        ...


class Mean(nn.Module):
    """The mean of the frames' logits; nothing is learned."""

    def states(self, features: Tensor, mask: Tensor) -> Tensor:
        return features * mask.unsqueeze(-1)  # (B, T, F)

    def forward(
        self,
        features: Tensor,  # noqa: ARG002 - the interface of all heads
        frame_logits: Tensor,
        mask: Tensor,
    ) -> Tensor:
        return weighted_mean(frame_logits, mask)  # (B,)


class AttentionHead(nn.Module):
    """Features → (recurrent network over time) → attention pooling → the clip's logit.

    Args:
        features: channels F of a frame's features.
        hidden: width H of the states.
        dropout: share dropped before each linear layer in training.
        recurrent: the network over time, (B, T, H) to (B, T, H) and its last state; none for
            attention alone.
    """

    def __init__(
        self, features: int, hidden: int, dropout: float, recurrent: nn.RNNBase | None
    ) -> None:
        super().__init__()
        self.project = nn.Linear(features, hidden)
        self.dropout = nn.Dropout(dropout)
        self.recurrent = recurrent
        self.attention = nn.Linear(hidden, 1)
        self.classify = nn.Linear(hidden, 1)

    def states(self, features: Tensor, mask: Tensor) -> Tensor:
        x = torch.relu(self.project(self.dropout(features)))  # (B, T, H)
        x = x * mask.unsqueeze(-1)
        if self.recurrent is None:
            return x
        y, _ = self.recurrent(x)  # (B, T, H)
        return cast(Tensor, x + y)  # what one frame shows need not pass through the gates

    def weights(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return how much each frame counts, (B, T): 0 for absent ones, 1 in all."""
        scores = self.attention(states).squeeze(-1)  # (B, T)
        return torch.softmax(scores * mask + ABSENT * (1 - mask), dim=1)

    def forward(
        self,
        features: Tensor,
        frame_logits: Tensor,  # noqa: ARG002 - the interface of all heads
        mask: Tensor,
    ) -> Tensor:
        states = self.states(features, mask)
        weights = self.weights(states, mask).unsqueeze(-1)  # (B, T, 1)
        pooled = (weights * states).sum(dim=1)  # (B, H)
        return cast(Tensor, self.classify(self.dropout(pooled)).squeeze(-1))  # (B,)


class WeightingHead(AttentionHead):
    """Weighs frames and does nothing else: the clip's logit is the weighted mean of theirs.

    It begins as the plain mean, never leaves the span of the frames' logits, and the frames' heat
    maps show what the clip's logit is made of.
    """

    def __init__(
        self, features: int, hidden: int, dropout: float, recurrent: nn.RNNBase | None
    ) -> None:
        super().__init__(features, hidden, dropout, recurrent)
        del self.classify
        nn.init.zeros_(self.attention.weight)
        nn.init.zeros_(self.attention.bias)

    def forward(self, features: Tensor, frame_logits: Tensor, mask: Tensor) -> Tensor:
        weights = self.weights(self.states(features, mask), mask)
        return (weights * frame_logits).sum(dim=1)  # (B,)


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Return the mean over time of values (B, T) by weights (B, T); 0 where all weigh nothing."""
    return (values * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-6)


def _lstm(hidden: int) -> nn.LSTM:
    return nn.LSTM(
        input_size=hidden,
        hidden_size=hidden,
        num_layers=1,
        bias=True,
        batch_first=True,
        dropout=0.0,
        bidirectional=False,
    )


def _gru(hidden: int) -> nn.GRU:
    return nn.GRU(
        input_size=hidden,
        hidden_size=hidden,
        num_layers=1,
        bias=True,
        batch_first=True,
        dropout=0.0,
        bidirectional=False,
    )


TEMPORAL_HEADS: dict[str, Callable[[int, int, float], nn.Module]] = {
    "lstm": lambda f, hidden, dropout: AttentionHead(f, hidden, dropout, _lstm(hidden)),
    "gru": lambda f, hidden, dropout: AttentionHead(f, hidden, dropout, _gru(hidden)),
    "attention": lambda f, hidden, dropout: AttentionHead(f, hidden, dropout, None),
    "lstm_weighting": lambda f, hidden, dropout: WeightingHead(f, hidden, dropout, _lstm(hidden)),
    "mean": lambda *_: Mean(),
}


def make_temporal_head(name: str, features: int, hidden: int, dropout: float) -> nn.Module:
    """Return a new temporal head; it fulfils `TemporalHead`.

    Args:
        name: one of `TEMPORAL_HEADS`.
        features: channels of a frame's features.
        hidden: width of its states.
        dropout: share dropped before each linear layer in training.

    Raises:
        UsageError: no head has this name.
    """
    if name not in TEMPORAL_HEADS:
        raise UsageError(f"no temporal head {name!r}: choose one of {', '.join(TEMPORAL_HEADS)}")
    return TEMPORAL_HEADS[name](features, hidden, dropout)
