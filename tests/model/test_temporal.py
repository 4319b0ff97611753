from __future__ import annotations

from typing import cast

import pytest

pytest.importorskip("torch")

import torch

from facetell.errors import UsageError
from facetell.model.temporal import TEMPORAL_HEADS, TemporalHead, make_temporal_head

FEATURES, TIME = 24, 5
NAMES = sorted(TEMPORAL_HEADS)


def head_of(name: str) -> TemporalHead:
    torch.manual_seed(0)
    head = make_temporal_head(name, FEATURES, hidden=8, dropout=0.3).eval()
    for parameter in head.parameters():  # the weighting head begins with equal weights
        torch.nn.init.normal_(parameter, std=0.5)
    return cast(TemporalHead, head)


def clips(count: int = 2, time: int = TIME) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    features = torch.randn(count, time, FEATURES)
    return features, features[..., :3].sum(-1), torch.ones(count, time)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_an_early_frame_changes_the_clip(name: str) -> None:
    head, (features, logits, mask) = head_of(name), clips(1)
    before = head(features, logits, mask)
    features[:, 0], logits[:, 0] = -features[:, 0], -logits[:, 0]
    assert (head(features, logits, mask) - before).abs() > 1e-5


@pytest.mark.parametrize("name", ["lstm", "gru", "lstm_weighting"])
@torch.no_grad()
def test_order_matters_to_what_looks_back(name: str) -> None:
    head, (features, logits, mask) = head_of(name), clips(1)
    backwards = head(features.flip(1), logits.flip(1), mask)
    assert (head(features, logits, mask) - backwards).abs() > 1e-5


@pytest.mark.parametrize("name", ["attention", "mean"])
@torch.no_grad()
def test_order_is_nothing_to_the_others(name: str) -> None:
    head, (features, logits, mask) = head_of(name), clips(1)
    backwards = head(features.flip(1), logits.flip(1), mask)
    assert torch.allclose(head(features, logits, mask), backwards, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_neighbours_in_the_batch_change_nothing(name: str) -> None:
    head, (features, logits, mask) = head_of(name), clips(3)
    alone = head(features[:1], logits[:1], mask[:1])
    assert torch.allclose(head(features, logits, mask)[:1], alone, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_absent_frames_change_nothing(name: str) -> None:
    head, (features, logits, mask) = head_of(name), clips(1)
    mask[:, 3:] = 0
    short = head(features[:, :3], logits[:, :3], mask[:, :3])
    assert torch.allclose(head(features, logits * mask, mask), short, atol=1e-6)
    features[:, 3:] = 99
    assert torch.allclose(head(features, logits * mask, mask), short, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_the_states_of_a_prefix_are_the_prefix_of_the_states(name: str) -> None:
    head, (features, _, mask) = head_of(name), clips()
    whole = head.states(features, mask)
    part = head.states(features[:, :3], mask[:, :3])
    assert torch.allclose(whole[:, :3], part, atol=1e-6)
    assert not torch.allclose(whole[:, 3], whole[:, 2])


@torch.no_grad()
def test_the_weighting_head_begins_as_the_mean_and_stays_between_the_frames() -> None:
    features, logits, mask = clips(50)
    mask[:, 4] = 0
    logits = logits * mask
    fresh = make_temporal_head("lstm_weighting", FEATURES, hidden=8, dropout=0.0).eval()
    mean = head_of("mean")(features, logits, mask)
    assert torch.allclose(fresh(features, logits, mask), mean, atol=1e-6)
    learned = head_of("lstm_weighting")(features, logits, mask)
    assert (learned >= logits[:, :4].amin(1) - 1e-6).all()
    assert (learned <= logits[:, :4].amax(1) + 1e-6).all()
    assert not torch.allclose(learned, mean, atol=0.01)


def test_it_names_the_heads_that_there_are() -> None:
    with pytest.raises(UsageError, match="lstm_weighting"):
        make_temporal_head("transformer", FEATURES, 8, 0.0)
