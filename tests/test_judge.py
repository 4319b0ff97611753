from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from facetell.judge import TIMELINE_POINTS, Case, judge, thinned
from facetell.reasons import FaceCount
from facetell.tally import Tally
from facetell.verdict import Media, Verdict
from facetell.weights import ModelCard, find
from tests.made_scores import clip_score


@pytest.fixture
def card(tiny_card_path: Path) -> ModelCard:
    """Real faces score -3 ± 1; fake from 0.85, real to -0.85."""
    return find(tiny_card_path)


def verdict_of(tally: Tally, card: ModelCard, frames_read: int = 32, **count: float) -> Verdict:
    faces = {"found": 32, "largest_px": 200.0, "min_px": 32} | count
    case = Case(
        path=Path("a.mp4"),
        sha256="0" * 64,
        media=Media("mp4", "h264", 640, 480, 30.0, 10.0, False, 0, False, frames_read),
        count=FaceCount(frames_read, int(faces["found"]), faces["largest_px"], 32),
        warnings=("truncated at 9 s",),
    )
    return judge(case, tally, card, None, elapsed_s=0.5)


def filled(
    card: ModelCard, *tracks: float, quality: float = 0.8, bursts: int = 7, evidence: int = 8
) -> Tally:
    tally = Tally(card, max_evidence=evidence)
    for burst in range(bursts):
        for track_id, logit in enumerate(tracks, 1):
            score = clip_score(logit, track_id=track_id, start_s=1.5 * burst, quality=quality)
            tally.add(score)
    return tally


@pytest.mark.parametrize(("logit", "label"), [(4.0, "fake"), (-4.0, "real"), (0.0, "inconclusive")])
def test_it_labels_by_the_thresholds(card: ModelCard, logit: float, label: str) -> None:
    verdict = verdict_of(filled(card, logit), card)
    assert verdict.label == label
    assert verdict.p_fake == pytest.approx(1 / (1 + math.exp(-logit)))
    assert verdict.confidence is not None
    assert verdict.confidence >= 0.5
    assert verdict.tracks[0].frames == 35
    assert verdict.tracks[0].end_s == pytest.approx(9.4)
    assert verdict.tracks[0].quality == pytest.approx(0.8)
    assert verdict.warnings == ("truncated at 9 s",)
    assert verdict.model is not None
    assert verdict.model.sha256 == card.sha256


def test_one_fake_face_among_real_ones_decides(card: ModelCard) -> None:
    verdict = verdict_of(filled(card, -4.0, -3.0, 5.0, -3.5), card)
    assert verdict.label == "fake"
    assert verdict.tracks[0].id == 3
    assert verdict.p_fake is not None
    assert verdict.p_fake < verdict.tracks[0].p_fake
    assert "Face 3 is the most suspicious of 4" in " ".join(verdict.reasons)


@pytest.mark.parametrize("faces", [1, 4, 10])
def test_more_real_faces_are_called_fake_no_more_often(card: ModelCard, faces: int) -> None:
    random = np.random.default_rng(faces)
    border = -3.0 + 1.2816  # a logit that one real face in ten passes
    passed = 0
    for _ in range(300):
        logits = random.normal(-3, 1, faces).tolist()
        verdict = verdict_of(filled(card, *logits, bursts=2, evidence=0), card)
        assert verdict.p_fake is not None
        passed += math.log(verdict.p_fake / (1 - verdict.p_fake)) >= border
    assert passed / 300 == pytest.approx(0.1, abs=0.052)


def test_a_short_poor_track_does_not_decide(card: ModelCard) -> None:
    tally = filled(card, -4.0)
    tally.add(clip_score(9.0, track_id=2, frame_logits=[9.0], quality=0.2))
    verdict = verdict_of(tally, card)
    assert verdict.label == "real"
    assert len(verdict.tracks) == 2
    assert verdict.reasons[-1].startswith("Face 2 alone has p(fake)")
    assert verdict.reasons[-1].endswith("seen too briefly or poorly to decide.")


def test_a_false_detection_that_lasts_does_not_decide(card: ModelCard) -> None:
    tally = filled(card, -4.0)
    for burst in range(7):
        tally.add(clip_score(30.0, track_id=2, start_s=1.5 * burst, quality=0.05))
    verdict = verdict_of(tally, card)
    assert verdict.label == "real"
    assert verdict.p_fake == verdict_of(filled(card, -4.0), card).p_fake


@pytest.mark.parametrize(("quality", "frames"), [(0.05, 35), (0.8, 1)])
def test_a_glimpse_alone_is_never_called_fake(card: ModelCard, quality: float, frames: int) -> None:
    tally = Tally(card, max_evidence=8)
    for frame in range(frames):
        tally.add(clip_score(40.0, start_s=0.2 * frame, frame_logits=[40.0], quality=quality))
    verdict = verdict_of(tally, card)
    assert verdict.label == "inconclusive"
    assert "too briefly or poorly to say fake" in verdict.reasons[0]


def test_a_fake_face_of_one_burst_seen_well_decides(card: ModelCard) -> None:
    tally = filled(card, -4.0)
    tally.add(clip_score(6.0, track_id=2, quality=0.8))
    assert verdict_of(tally, card).label == "fake"


def test_a_poor_glimpse_alone_is_never_called_real(card: ModelCard) -> None:
    tally = Tally(card, max_evidence=8)
    tally.add(clip_score(-9.0, frame_logits=[-9.0], quality=0.2))
    verdict = verdict_of(tally, card)
    assert verdict.label == "inconclusive"
    assert "too briefly or poorly to say real" in verdict.reasons[0]


def test_a_fake_minute_in_a_real_hour_is_found_and_named(card: ModelCard) -> None:
    random = np.random.default_rng(0)
    tally = Tally(card, max_evidence=4)
    for block in range(7200):
        fake = 3600 <= block < 3720
        tally.add(clip_score(random.normal(4 if fake else -3, 1), start_s=block / 2))
    verdict = verdict_of(tally, card, frames_read=36_000)
    assert verdict.label == "fake"
    assert any("most suspicious at 30:00" in reason for reason in verdict.reasons)
    assert len(verdict.timeline) <= TIMELINE_POINTS
    inside = [p.p_fake for p in verdict.timeline if 1802 < p.time_s < 1858]
    outside = [p.p_fake for p in verdict.timeline if not 1795 < p.time_s < 1865]
    assert np.mean(inside) > 0.9
    assert np.mean(outside) < 0.2
    assert all(1800 <= found.time_s < 1861 for found in verdict.evidence)


def test_no_face_has_no_probability_and_says_why(card: ModelCard) -> None:
    tally = Tally(card, max_evidence=8)
    none = verdict_of(tally, card, found=0, largest_px=0.0)
    assert none.label == "no_face"
    assert none.p_fake is None
    assert none.confidence is None
    assert none.reasons == ("No face was found in 32 frames.",)
    small = verdict_of(tally, card, frames_read=1, found=2, largest_px=21.0)
    (reason,) = small.reasons
    assert reason.startswith("Every face found in 1 frame is too small to be scored")
    assert reason.endswith("the largest has 21 px, at least 32 px are needed.")


def test_a_picture_of_one_frame_is_judged(card: ModelCard) -> None:
    tally = Tally(card, max_evidence=8)
    tally.add(clip_score(4.0, frame_logits=[4.0], quality=0.7))
    verdict = verdict_of(tally, card, frames_read=1)
    assert verdict.label == "fake"
    assert len(verdict.timeline) == len(verdict.evidence) == 1


def test_the_timeline_goes_by_time_then_track(card: ModelCard) -> None:
    verdict = verdict_of(filled(card, -4.0, 4.0), card)
    places = [(point.time_s, point.track) for point in verdict.timeline]
    assert places == sorted(places)
    assert len(places) == 70
    assert verdict.timeline[0].box_xyxy == (10, 20, 110, 140)


def test_thinning_averages_and_keeps_the_mean() -> None:
    rows = np.arange(20, dtype=np.float64).reshape(10, 2)
    assert thinned(rows, 10) is rows
    np.testing.assert_allclose(thinned(rows, 4), [[2, 3], [8, 9], [14, 15], [18, 19]])
