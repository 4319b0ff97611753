from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from facetell.pooling import (
    Floats,
    Stretch,
    TrackPool,
    p_fake_of,
    pool_track,
    pool_video,
    shrunk,
    track_weight,
)
from facetell.weights import Calibration

CALIBRATION = Calibration(slope=1.5, intercept=0.2, real_mean=-2.0, real_std=1.5)
# A logit that 5 % of the single real faces pass.
ALARM = -2.0 + 1.5 * NormalDist().inv_cdf(0.95)


def track(logit: float, weight: float = 1.0) -> TrackPool:
    return TrackPool(logit, weight, stretch=None)


def pooled(*tracks: TrackPool) -> float:
    return pool_video(tracks, CALIBRATION)[0]


def pool(
    logits: Floats, apart_s: float, weights: Floats | None = None
) -> tuple[float, Stretch | None]:
    times_s = apart_s * np.arange(len(logits), dtype=np.float64)
    weights = np.ones(len(logits)) if weights is None else weights
    return pool_track(times_s, logits, weights, CALIBRATION)


def test_probability_rises_with_the_logit_and_stays_finite() -> None:
    values = [p_fake_of(logit, CALIBRATION) for logit in (-1e6, -3.0, 0.0, 3.0, 1e6)]
    assert values == sorted(values)
    assert values[0] == 0.0
    assert values[-1] == 1.0
    assert values[2] == pytest.approx(1 / (1 + math.exp(-0.2)))


def test_a_single_face_keeps_its_logit() -> None:
    for logit in (-30.0, -2.0, 0.7, 40.0):
        assert pooled(track(logit)) == pytest.approx(logit)


def test_one_fake_face_among_real_ones_stays_fake() -> None:
    fake, others = track(5.0), [track(logit) for logit in (-2.5, -1.0, -3.0, -2.0)]
    logit, deciding = pool_video([others[0], fake, *others[1:]], CALIBRATION)
    assert deciding == 1
    assert ALARM < logit < 5.0
    assert p_fake_of(logit, CALIBRATION) > 0.95


@pytest.mark.parametrize("faces", [1, 4, 10, 40])
def test_more_real_faces_raise_no_more_alarms(faces: int) -> None:
    random = np.random.default_rng(faces)
    videos = random.normal(-2.0, 1.5, size=(4000, faces))
    alarms = np.mean([pooled(*map(track, video)) >= ALARM for video in videos.tolist()])
    # 4000 videos at 5 %: three standard errors are 1 %
    assert alarms == pytest.approx(0.05, abs=0.0105)


@pytest.mark.parametrize("poor", [0.0, 0.05, 0.2])
def test_poor_tracks_beside_a_good_one_change_alarms_little(poor: float) -> None:
    random = np.random.default_rng(1)
    good = random.normal(-2.0, 1.5, size=4000)
    noise = random.normal(-2.0, 1.5 / math.sqrt(max(poor, 0.05)), size=(4000, 5))
    videos = [
        pooled(track(logit), *(track(other, poor) for other in others))
        for logit, others in zip(good.tolist(), noise.tolist(), strict=True)
    ]
    assert np.mean(np.array(videos) >= ALARM) == pytest.approx(0.05, abs=0.0105)


def test_a_glimpse_does_not_decide() -> None:
    glimpse = track(6.0, weight=0.05)
    logit, deciding = pool_video([track(-3.0), glimpse], CALIBRATION)
    assert deciding == 0
    assert logit == pytest.approx(-3.0, abs=0.2)
    assert pooled(glimpse) < ALARM


def test_a_fake_face_seen_well_decides_beside_glimpses() -> None:
    glimpses = [track(-2.0, weight=0.03)] * 20
    assert pooled(track(4.0), *glimpses) == pytest.approx(4.0, abs=0.4)


@pytest.mark.parametrize("logits", [(1e9, -1e9), (-1e9, -1e9, -1e9), (1e9, 1e9), (0.0,) * 500])
@pytest.mark.parametrize("weight", [0.0, 1e-9, 0.3, 1.0])
def test_extremes_stay_finite(logits: tuple[float, ...], weight: float) -> None:
    result = pooled(*(track(logit, weight) for logit in logits), track(-2.0, 0.5))
    assert math.isfinite(result)
    assert 0 <= p_fake_of(result, CALIBRATION) <= 1


def test_a_more_suspicious_face_never_lowers_the_score() -> None:
    scores = [pooled(track(logit), track(-2.0), track(-1.0)) for logit in np.linspace(-60, 60, 200)]
    assert (np.diff(scores) >= -1e-9).all()


def test_shrinking_goes_to_the_mean_of_real_faces() -> None:
    assert shrunk(3.0, 1.0, CALIBRATION) == 3.0
    assert shrunk(3.0, 0.0, CALIBRATION) == -2.0


def test_a_picture_counts_as_much_as_its_only_frame_allows() -> None:
    assert track_weight(quality=0.6, frames=1, frames_in_file=1) == 1.0
    assert track_weight(quality=0.6, frames=1, frames_in_file=32) < 0.2
    assert track_weight(quality=0.0, frames=1, frames_in_file=1) == 0.0


def test_a_track_is_the_mean_of_its_clips_weighted_by_quality() -> None:
    logits = np.array([2.0, -1.0, 5.0])
    assert pool(logits, apart_s=1.0)[0] == pytest.approx(2.0)
    assert pool(logits, 1.0, np.array([1.0, 1.0, 0.0]))[0] == pytest.approx(0.5)
    assert pool(logits, 1.0, np.zeros(3))[0] == pytest.approx(2.0)
    assert pool(np.array([-0.5]), apart_s=1.0) == (-0.5, None)


def test_few_clips_have_no_stretches() -> None:
    logits = np.where(np.arange(11) < 5, 8.0, -2.0)
    assert pool(logits, apart_s=10.0)[1] is None


def test_stretches_are_at_least_ten_seconds_long() -> None:
    logits = np.where(np.arange(90) < 20, 20.0, -2.0)
    assert pool(logits, apart_s=0.1)[1] is None  # 9 s in all
    assert pool(logits, apart_s=1.0)[1] is not None


def hour_of_reals(random: np.random.Generator, step_s: float = 0.5) -> Floats:
    """Clip logits of one real recording: its own level, slow changes, and noise."""
    slow = np.zeros(int(3600 / step_s))
    innovations = random.normal(0, math.sqrt(1 - 0.97**2), len(slow))
    for i in range(1, len(slow)):
        slow[i] = 0.97 * slow[i - 1] + innovations[i]
    level = random.normal(-2.0, 1.5 * math.sqrt(0.7))
    result: Floats = level + 1.5 * math.sqrt(0.3) * slow + random.normal(0, 1.0, len(slow))
    return result


def test_a_fake_minute_in_a_real_hour_is_found() -> None:
    random = np.random.default_rng(2)
    found = 0
    for _ in range(20):
        logits = hour_of_reals(random)
        logits[3600:3720] += 6.0  # half past: 1800 s to 1860 s
        logit, stretch = pool(logits, apart_s=0.5)
        assert stretch is not None
        assert stretch.start_s == pytest.approx(1800, abs=5)
        assert stretch.end_s == pytest.approx(1860, abs=5)
        assert logit > logits.mean() + 3
        found += logit >= ALARM
    assert found >= 19


def test_an_hour_of_reals_raises_no_more_alarms_than_a_short_video() -> None:
    random = np.random.default_rng(3)
    alarms = [pool(hour_of_reals(random), apart_s=0.5)[0] >= ALARM for _ in range(100)]
    assert np.mean(alarms) <= 0.08


def test_a_video_that_is_fake_throughout_is_judged_as_a_whole() -> None:
    random = np.random.default_rng(4)
    logits = random.normal(4.0, 1.0, 7200)
    logit, stretch = pool(logits, apart_s=0.5)
    assert stretch is None
    assert logit == pytest.approx(4.0, abs=0.1)
