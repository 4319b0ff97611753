from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from facetell.tally import Tally, anchored_frame_logits
from facetell.weights import ModelCard, find
from tests.made_scores import clip_score


@pytest.fixture
def card(tiny_card_path: Path) -> ModelCard:
    return find(tiny_card_path)


def test_it_pools_clips_by_track_the_most_suspicious_first(card: ModelCard) -> None:
    tally = Tally(card, max_evidence=1)
    for second in range(3):
        tally.add(clip_score(-4.0, track_id=1, start_s=second))
        tally.add(clip_score(5.0 + second, track_id=7, start_s=second))
    fake, real = tally.tracks(frames_read=15)
    assert (fake.id, real.id) == (7, 1)
    assert fake.pool.logit == pytest.approx(6.0)
    assert fake.pool.weight == 1.0
    assert fake.p_fake > 0.99 > 0.1 > real.p_fake
    assert len(fake.frames) == 15


def test_clips_may_come_in_any_order(card: ModelCard) -> None:
    tally = Tally(card, max_evidence=1)
    for second in (2.0, 0.0, 1.0):
        tally.add(clip_score(second, start_s=second))
    (track,) = tally.tracks(frames_read=15)
    assert track.clip_logits.tolist() == [0.0, 1.0, 2.0]
    assert (np.diff(track.frames[:, 0]) > 0).all()


def test_a_short_track_of_poor_quality_counts_little(card: ModelCard) -> None:
    tally = Tally(card, max_evidence=1)
    tally.add(clip_score(9.0, frame_logits=[9.0], quality=0.1))
    (track,) = tally.tracks(frames_read=32)
    assert track.pool.weight == pytest.approx(0.02)
    assert track.p_fake < 0.3


def test_frames_nearer_than_a_step_count_as_one(card: ModelCard) -> None:
    tally = Tally(card, max_evidence=1)
    for phase in range(20):  # 100 frames within half a second
        tally.add(clip_score(1.0, start_s=0.005 * phase, quality=0.5))
    (track,) = tally.tracks(frames_read=10_000)
    steps = 0.495 / 0.1 + 1
    assert track.pool.weight == pytest.approx(0.5 * steps / 5)


def test_frames_are_anchored_to_their_clip() -> None:
    logits = anchored_frame_logits(clip_score(5.0, frame_logits=[-1.0, 0.0, 1.0]))
    np.testing.assert_allclose(logits, [4.0, 5.0, 6.0])


def test_every_frame_takes_less_than_200_bytes(card: ModelCard) -> None:
    tally = Tally(card, max_evidence=8)
    tracemalloc.start()
    for block in range(1200):
        tally.add(clip_score(0.0, start_s=block / 6))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 * 6000  # 56 each, and as much again while an array grows
