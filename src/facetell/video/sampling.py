"""The times of a video's frames → which frames to take, in bursts spread over the whole video.

An LSTM needs neighbours one fixed step apart; a verdict needs the whole video. So frames are taken
in short bursts: few bursts lie evenly over the time; where bursts would overlap, and for `all`,
the video is cut into blocks and the bursts of a block interleave, so that no frame is taken twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facetell.video.media import Sampling

ROUNDING_S = 1e-6
"""Times are sums of fractions: a frame at 2.9999999 s is one at 3 s."""

Indices = npt.NDArray[np.int64]
Times = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """Frames to take.

    Attributes:
        indices: frames, strictly ascending, int64, (n,).
        bursts: the burst of each, int64, (n,); numbered from 0 in the order in which they begin.
    """

    indices: Indices
    bursts: Indices


def plan_part(times_s: Times, clock_s: Times, sampling: Sampling) -> Plan:
    """Choose frames from `sampling.start_s` on and before `sampling.end_s`.

    Args:
        times_s: when each frame is shown, seconds, ascending, (n,).
        clock_s: the same with long pauses cut short: what frames are spread over, (n,).
        sampling: which part, how many frames, and the shape of a burst.

    Returns:
        At least one frame: where none begins in the part, the one that is seen during it.
    """
    end_s = np.inf if sampling.end_s is None else sampling.end_s
    bounds_s = np.array([sampling.start_s, end_s]) - ROUNDING_S
    first, stop = times_s.searchsorted(bounds_s).tolist()
    first = min(first, max(stop - 1, 0))
    chosen = plan(clock_s[first:stop] - clock_s[first], sampling)
    if sampling.moment_s is not None and len(chosen.indices) < stop - first:
        chosen = _with_moment(chosen, times_s[first:stop], sampling.moment_s, sampling)
    return Plan(chosen.indices + first, chosen.bursts)


def _with_moment(chosen: Plan, times_s: Times, moment_s: float, sampling: Sampling) -> Plan:
    """Add those frames of a burst around a moment that are not taken yet, as one more burst."""
    place = np.arange(sampling.burst_frames, dtype=np.float64) - sampling.burst_frames // 2
    near = _nearest(times_s, moment_s + place * sampling.step_s)
    added = np.setdiff1d(near, chosen.indices)
    indices = np.concatenate([chosen.indices, added])
    bursts = np.concatenate([chosen.bursts, np.full(len(added), chosen.bursts.max() + 1)])
    order = np.argsort(indices)
    return Plan(indices[order], _renumbered(bursts[order]))


def plan(clock_s: Times, sampling: Sampling) -> Plan:
    """Choose frames of a whole video.

    Args:
        clock_s: when each frame is shown, seconds from the first, ascending, (n,).
        sampling: how many frames, and the shape of a burst.

    Returns:
        Exactly `sampling.frames` frames, or all if there are no more than that.

    Example:
        >>> plan(np.arange(6) / 10, Sampling("all", step_s=0.2, burst_frames=3)).bursts.tolist()
        [0, 1, 0, 1, 0, 1]
    """
    count = len(clock_s)
    usual_s = float(np.median(np.diff(clock_s))) if count > 1 else sampling.step_s
    stride = max(1, round(sampling.step_s / max(usual_s, 1e-9)))
    if sampling.frames == "all" or sampling.frames >= count:
        return Plan(np.arange(count), _blocks(count, stride, sampling.burst_frames))
    wanted = sampling.frames
    step_s = max(sampling.step_s, usual_s)
    bursts = -(-wanted // sampling.burst_frames)
    if bursts * sampling.burst_frames * step_s <= float(clock_s[-1]):
        return _spread(clock_s, wanted, bursts, step_s)
    return _thinned(_blocks(count, stride, sampling.burst_frames), wanted, sampling.burst_frames)


def _blocks(count: int, stride: int, burst_frames: int) -> Indices:
    """Return the burst of each frame when all are taken, (count,)."""
    blocks = -(-count // (stride * burst_frames))
    bounds = np.linspace(0, count, blocks + 1).round().astype(np.int64)
    lengths = np.diff(bounds)
    phase = (np.arange(count) - np.repeat(bounds[:-1], lengths)) % stride
    phases = np.minimum(lengths, stride)
    before = np.concatenate([[0], np.cumsum(phases)[:-1]])
    return np.asarray(np.repeat(before, lengths) + phase, np.int64)


def _spread(clock_s: Times, wanted: int, bursts: int, step_s: float) -> Plan:
    """Place bursts that do not touch evenly over the time."""
    sizes = np.full(bursts, wanted // bursts) + (np.arange(bursts) < wanted % bursts)
    centres_s = (np.arange(bursts) + 0.5) / bursts * clock_s[-1]
    burst = np.repeat(np.arange(bursts), sizes)
    place = np.arange(wanted) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    targets_s = centres_s[burst] + (place - (sizes[burst] - 1) / 2) * step_s
    return Plan(_apart(_nearest(clock_s, targets_s), len(clock_s)), burst)


def _nearest(clock_s: Times, targets_s: Times) -> Indices:
    right = np.clip(np.searchsorted(clock_s, targets_s), 1, len(clock_s) - 1)
    nearer_left = targets_s - clock_s[right - 1] <= clock_s[right] - targets_s
    return np.asarray(right - nearer_left, np.int64)


def _apart(indices: Indices, count: int) -> Indices:
    """Move indices as little as needed for each frame to be taken once; (n,) with n <= count."""
    rank = np.arange(len(indices))
    rising = np.maximum.accumulate(indices - rank) + rank
    return np.asarray(np.minimum(rising, count - len(indices) + rank), np.int64)


def _thinned(burst_of: Indices, wanted: int, burst_frames: int) -> Plan:
    """Keep as many of all bursts, evenly chosen, as hold the wanted number of frames."""
    sizes = np.bincount(burst_of)
    for kept in range(-(-wanted // burst_frames), len(sizes) + 1):
        chosen = ((np.arange(kept) + 0.5) * len(sizes) / kept).astype(np.int64)
        if sizes[chosen].sum() >= wanted:
            break
    keep_sizes = _trimmed(sizes[chosen], wanted)
    allowed = np.zeros(len(sizes), np.int64)
    allowed[chosen] = keep_sizes
    order = np.argsort(burst_of, kind="stable")
    starts = np.cumsum(sizes) - sizes
    place = np.empty_like(burst_of)
    place[order] = np.arange(len(burst_of)) - np.repeat(starts, sizes)
    indices = np.flatnonzero(place < allowed[burst_of]).astype(np.int64)
    return Plan(indices, _renumbered(burst_of[indices]))


def _trimmed(sizes: Indices, total: int) -> Indices:
    """Take frames off the longest bursts until they sum to `total`."""
    sizes = sizes.copy()
    while (excess := int(sizes.sum()) - total) > 0:
        longest = np.flatnonzero(sizes == sizes.max())
        sizes[longest[:: max(1, len(longest) // excess)][:excess]] -= 1
    return sizes


def _renumbered(bursts: Indices) -> Indices:
    _, first, inverse = np.unique(bursts, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], np.int64)
