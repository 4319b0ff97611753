from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facetell.pooling import Stretch, TrackPool, p_fake_of
from facetell.reasons import FaceCount, Findings, explain
from facetell.tally import Track
from facetell.verdict import Label, label_of
from facetell.weights import ModelCard, find


@pytest.fixture
def card(tiny_card_path: Path) -> ModelCard:
    return find(tiny_card_path)


def track(
    logits: list[float], track_id: int = 1, quality: float = 0.8, stretch: Stretch | None = None
) -> Track:
    times_s = np.arange(len(logits), dtype=np.float64)
    frames = np.zeros((len(logits), 7))
    frames[:, 0], frames[:, 1], frames[:, 6] = times_s, logits, quality
    logit = float(np.mean(logits))
    p_fake = 1 / (1 + float(np.exp(-logit)))
    return Track(
        track_id, TrackPool(logit, 1.0, stretch), p_fake, times_s, np.array(logits), frames
    )


def reasons(card: ModelCard, *tracks: Track) -> tuple[str, ...]:
    p_fake = p_fake_of(tracks[0].pool.logit, card.calibration)
    label: Label = label_of(p_fake, card.thresholds)
    count = FaceCount(frames_read=32, found=32, largest_px=100.0, min_px=32)
    return explain(Findings(label, p_fake, tracks, tracks[0], count), card)


def test_it_says_on_which_side_of_which_threshold(card: ModelCard) -> None:
    assert reasons(card, track([3.0]))[0].startswith("p(fake) 0.95 is at or above 0.70")
    assert reasons(card, track([-3.0]))[0].startswith("p(fake) 0.05 is at or below 0.30")
    assert reasons(card, track([0.0]))[0].startswith("p(fake) 0.50 lies between 0.30 (real)")


def test_it_counts_faces_and_the_frames_they_were_scored_in(card: ModelCard) -> None:
    both = reasons(card, track([3.0, 3.0]), track([-3.0], track_id=2))
    assert both[1] == "2 faces scored in 2 of 32 frames."


def test_it_names_the_seconds_that_look_fake(card: ModelCard) -> None:
    told = reasons(card, track([-3.0, 9.0, 9.0, -3.0, 9.0]))
    assert "Face 1 looks fake at 1.0–2.0 s, 4.0 s." in told
    assert "Face 1 looks fake throughout." in reasons(card, track([3.0, 3.0]))
    assert len(reasons(card, track([-3.0, -3.0]))) == 2


def test_it_names_only_the_longest_of_many_stretches(card: ModelCard) -> None:
    told = reasons(card, track([9.0, 9.0, -3.0] + [9.0, -3.0] * 5))
    assert "Face 1 looks fake at 0.0–1.0 s, 3.0 s, 5.0 s and 3 more." in told


def test_it_names_the_stretch_that_decided(card: ModelCard) -> None:
    told = reasons(card, track([3.0], stretch=Stretch(1800.0, 1860.0, 4.0)))
    assert "Face 1 is most suspicious at 30:00–31:00, with p(fake) 0.98 there." in told


def test_it_warns_of_a_face_that_is_seen_poorly(card: ModelCard) -> None:
    assert "quality 0.10 of 1" in reasons(card, track([3.0], quality=0.1))[-1]
