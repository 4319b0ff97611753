"""Which frames are taken: how many, how far apart, how evenly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from facetell.errors import UsageError
from facetell.video import Sampling
from facetell.video.sampling import Plan, plan, plan_part


def steady(count: int, rate_hz: float = 30) -> npt.NDArray[np.float64]:
    return np.arange(count) / rate_hz


def burst_steps_s(clock_s: npt.NDArray[np.float64], chosen: Plan) -> npt.NDArray[np.float64]:
    """Return the times between neighbours of the same burst."""
    bursts = [clock_s[chosen.indices[chosen.bursts == b]] for b in np.unique(chosen.bursts)]
    return np.concatenate([np.diff(times_s) for times_s in bursts])


@pytest.mark.parametrize("wanted", [1, 2, 4, 5, 7, 10, 20, 32, 40, 60, 80, 100, 299, 300])
@pytest.mark.parametrize("count", [300, 9000])
@pytest.mark.parametrize("rate_hz", [1, 5, 24, 29.97, 60])
def test_it_takes_exactly_as_many_as_wanted(wanted: int, count: int, rate_hz: float) -> None:
    chosen = plan(steady(count, rate_hz), Sampling(wanted))
    assert len(chosen.indices) == wanted
    assert np.all(np.diff(chosen.indices) > 0)
    assert chosen.indices[0] >= 0
    assert chosen.indices[-1] < count
    assert np.bincount(chosen.bursts).max() <= 5


@pytest.mark.parametrize("wanted", [5, 32, 100, "all"])
def test_it_keeps_the_step_inside_a_burst(wanted: int) -> None:
    clock_s = steady(900)
    steps_s = burst_steps_s(clock_s, plan(clock_s, Sampling(wanted)))
    assert steps_s == pytest.approx(np.full(len(steps_s), 0.1), abs=0.001)


def test_it_makes_few_bursts_of_nearly_equal_size() -> None:
    chosen = plan(steady(9000), Sampling(32))
    assert sorted(np.bincount(chosen.bursts).tolist()) == [4, 4, 4, 5, 5, 5, 5]


def test_it_spreads_bursts_evenly_over_the_whole_video() -> None:
    clock_s = steady(9000)
    chosen = plan(clock_s, Sampling(50))
    centres_s = [clock_s[chosen.indices[chosen.bursts == b]].mean() for b in range(10)]
    assert centres_s == pytest.approx(np.arange(15, 300, 30), abs=0.1)


def test_it_centres_a_single_burst() -> None:
    chosen = plan(steady(301), Sampling(5))
    assert chosen.indices.tolist() == [144, 147, 150, 153, 156]


def test_it_interleaves_where_bursts_would_overlap() -> None:
    clock_s = steady(90)  # 3 s; 60 frames 0.1 s apart would need 6 s
    chosen = plan(clock_s, Sampling(60))
    assert len(chosen.indices) == 60
    assert burst_steps_s(clock_s, chosen) == pytest.approx(np.full(48, 0.1), abs=0.001)
    assert np.histogram(chosen.indices, 3, (0, 90))[0].tolist() == [20, 20, 20]


def test_it_takes_neighbours_where_the_rate_is_low() -> None:
    chosen = plan(steady(100, rate_hz=1), Sampling(20))
    inside = [np.diff(chosen.indices[chosen.bursts == b]) for b in range(4)]
    assert np.concatenate(inside).tolist() == [1] * 16


@pytest.mark.parametrize("count", [1, 2, 7, 31, 32])
def test_it_takes_every_frame_of_a_short_video(count: int) -> None:
    chosen = plan(steady(count), Sampling(32))
    assert chosen.indices.tolist() == list(range(count))


def test_it_takes_all_in_blocks_of_interleaved_bursts() -> None:
    chosen = plan(steady(30), Sampling("all"))
    assert chosen.indices.tolist() == list(range(30))
    assert chosen.bursts.tolist() == [0, 1, 2] * 5 + [3, 4, 5] * 5


def test_it_leaves_no_tiny_burst_at_the_end_of_all() -> None:
    sizes = np.bincount(plan(steady(16), Sampling("all")).bursts)
    assert sizes.min() >= 2
    assert sizes.max() <= 5


@pytest.mark.parametrize("wanted", [3, 32, 80, "all"])
def test_it_numbers_bursts_in_the_order_in_which_they_begin(wanted: int) -> None:
    _, first = np.unique(plan(steady(200), Sampling(wanted)).bursts, return_index=True)
    assert np.all(np.diff(first) > 0)


def test_it_copes_with_frames_at_one_moment() -> None:
    assert len(plan(np.zeros(50), Sampling(20)).indices) == 20


@pytest.mark.parametrize("seed", range(20))
def test_it_takes_no_frame_twice_at_any_rhythm(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gaps_s = rng.exponential(0.05, rng.integers(1, 400)) * rng.choice([0.1, 1, 20], 1)
    clock_s = np.concatenate([[0], np.cumsum(gaps_s)])
    wanted = int(rng.integers(1, 120))
    chosen = plan(clock_s, Sampling(wanted, step_s=float(rng.choice([0.04, 0.1, 0.5]))))
    assert len(chosen.indices) == min(wanted, len(clock_s))
    assert np.all(np.diff(chosen.indices) > 0)
    assert chosen.indices[-1] < len(clock_s)


@pytest.mark.parametrize(
    "settings",
    [{"frames": 0}, {"frames": "some"}, {"step_s": 0}, {"burst_frames": 0}],
)
def test_it_refuses_settings_without_sense(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Sampling(**settings)  # type: ignore[arg-type]


def part(times_s: npt.NDArray[np.float64], frames: int | str, *bounds_s: float) -> list[int]:
    start_s, end_s = bounds_s
    sampling = Sampling(frames, start_s=start_s, end_s=end_s)  # type: ignore[arg-type]
    return list(plan_part(times_s, times_s, sampling).indices.tolist())


def test_it_takes_frames_of_a_part_only_and_spreads_them_over_it() -> None:
    times_s = steady(900)
    assert part(times_s, "all", 2.0, 3.0) == list(range(60, 90))
    # two bursts of five, in the middle of each half of 10 to 20 s
    centres = np.array([part(times_s, 10, 10.0, 20.0)]).reshape(2, 5).mean(1) / 30
    assert centres == pytest.approx([12.5, 17.5], abs=0.1)


def test_it_plans_a_part_like_a_video_of_that_length() -> None:
    for wanted in (1, 7, 32, 100):
        alone = plan(steady(150), Sampling(wanted)).indices
        taken = np.array(part(steady(900), wanted, 5.0, 10.0))
        assert np.abs(taken - 150 - alone).max() <= 1  # by rounding


def test_it_takes_the_frame_that_is_seen_where_none_begins() -> None:
    slides_s = np.array([0.0, 5.0, 30.0])
    assert part(slides_s, 4, 6.0, 7.0) == [1]
    assert part(slides_s, 4, 40.0, 50.0) == [2]
    assert part(slides_s, 4, 0.0, 0.001) == [0]


def test_it_forgives_rounding_at_the_edges_of_a_part() -> None:
    times_s = np.array([0.0, 0.9999999999, 1.9999999999])
    assert part(times_s, "all", 1.0, 2.0) == [1]


@pytest.mark.parametrize("bounds_s", [(-1.0, None), (2.0, 2.0), (2.0, 1.0)])
def test_it_refuses_a_part_without_time(bounds_s: tuple[float, float | None]) -> None:
    with pytest.raises(UsageError, match="end_s"):
        Sampling(start_s=bounds_s[0], end_s=bounds_s[1])


@pytest.mark.parametrize("wanted", [1, 7, 32, 100, "all"])
def test_it_adds_a_burst_around_a_moment_and_changes_no_other_frame(wanted: int) -> None:
    times_s = steady(3000)
    without = plan_part(times_s, times_s, Sampling(wanted))
    chosen = plan_part(times_s, times_s, Sampling(wanted, moment_s=33.3))
    assert set(range(993, 1006, 3)) <= set(chosen.indices.tolist())
    assert set(without.indices.tolist()) <= set(chosen.indices.tolist())
    assert len(chosen.indices) <= len(without.indices) + 5
    assert np.all(np.diff(chosen.indices) > 0)
    first_seen = [int(np.argmax(chosen.bursts == b)) for b in range(chosen.bursts.max() + 1)]
    assert first_seen == sorted(first_seen)
    kept = np.isin(chosen.indices, without.indices)
    same = chosen.bursts[kept][:, None] == chosen.bursts[kept]
    assert np.array_equal(same, without.bursts[:, None] == without.bursts)


def test_a_burst_around_a_moment_keeps_within_the_part() -> None:
    times_s = steady(900)
    sampling = Sampling(5, start_s=10.0, end_s=20.0, moment_s=10.0)
    indices = plan_part(times_s, times_s, sampling).indices
    assert indices[:3].tolist() == [300, 303, 306]
    assert len(indices) == 8
