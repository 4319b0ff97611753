"""Logits of clips → one logit for each track → one for the video.

A video is as fake as its most suspicious face, and a face may be fake for a minute of an hour. But
the largest of many numbers is large by chance: whoever looks at ten real faces finds one that
looks odd. So each maximum is corrected for how much was looked at, such that under "all is real"
the result is distributed like the logit of one real face, Normal(real_mean, real_std), which is
what calibration and thresholds were fitted on.

Faces: Šidák's correction. If the tail probability of the most suspicious of k real faces is q, that
of the maximum is 1 - (1 - q)^k. Faces seen poorly or briefly have a smaller weight, as in the
weighted form of Genovese, Roeder and Wasserman (2006, Biometrika 93:509), and their logit counts
as noisier.

Stretches of one face: all stretches of one recording share its camera, light and compression, so
they are compared with the rest of that recording (median and scatter of equally long stretches)
and only the excess is corrected for the number of stretches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from facetell.weights import Calibration

Floats = npt.NDArray[np.float64]

MIN_STRETCH_S = 10.0
"""Shortest stretch that can decide on its own, seconds."""

MIN_STRETCH_CLIPS = 6
"""Fewest clips of such a stretch: about as many as a video of 32 frames is calibrated on."""

FULL_FRAMES = 10
"""Frames of quality 0.5 that make a track count fully; fewer in a file that has fewer."""

FULL_QUALITY = 0.3
"""Quality below which a track never counts fully, however long it is: a false alarm may last."""

MIN_DECIDING_WEIGHT = 0.25
"""Least weight of a track that may decide, where there is one: no false detection, and no glimpse.

Of 157 faces in 156 frames of the development clips 1 % have a quality under 0.44, so that about
three frames of nearly any face that is really there are enough.
"""

SCATTER_WINDOWS = 8
"""Fewest stretches of one length from which a recording's own scatter can be told."""

MIN_SCATTER = 0.6
"""Least scatter assumed between stretches of a real recording, in units of `real_std`.

Simulated hours of a real face (noise with a memory of up to a minute) then pass the threshold of a
5 % false-alarm rate in at most 2.2 % of cases, 5 to 9 % with heavy tails; 0.25 gives 4 and 16 %,
and 1.0 hides a fake minute that scores 3 `real_std` higher in four cases of five.
"""

_STANDARD = NormalDist()
_FAR = 37.0  # beyond this many deviations erfc underflows to 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a track: its first and last moment in seconds, and its mean logit."""

    start_s: float
    end_s: float
    logit: float


@dataclass(frozen=True, slots=True)
class TrackPool:
    """A track in one number.

    Attributes:
        logit: as suspicious as the whole track or its most suspicious stretch.
        weight: 0–1, how far the track counts; 1 for a face seen well and long enough.
        stretch: the stretch that decided, or None if the whole track did.
    """

    logit: float
    weight: float
    stretch: Stretch | None


def p_fake_of(logit: float, calibration: Calibration) -> float:
    """Return the calibrated probability of a pooled logit."""
    return 0.5 * (1 + math.tanh(0.5 * (calibration.slope * logit + calibration.intercept)))


def pool_track(
    times_s: Floats, logits: Floats, weights: Floats, calibration: Calibration
) -> tuple[float, Stretch | None]:
    """Pool the clips of one track.

    Args:
        times_s: middle of each clip, ascending, (N,).
        logits: of each clip, (N,).
        weights: how much each clip counts, (N,); all zero is taken as all equal.
        calibration: how real faces score.

    Returns:
        The weighted mean of all clips, or, if that is higher, the corrected logit of the most
        suspicious stretch and that stretch.
    """
    if not weights.sum() > 0:
        weights = np.ones_like(weights)
    whole = float(np.average(logits, weights=weights))
    found = _most_suspicious_stretch(times_s, logits, weights, calibration)
    if found is None or found[0] <= whole:
        return whole, None
    return found


def track_weight(quality: float, frames: float, frames_in_file: int) -> float:
    """Return how far a track counts, 0–1.

    Args:
        quality: mean over its frames, 0–1.
        frames: how many it has; those nearer to each other than a sampling step count as one.
        frames_in_file: how many were read, since a face in a picture cannot have more than one.

    >>> track_weight(quality=0.9, frames=32, frames_in_file=32)
    1.0
    >>> track_weight(quality=0.1, frames=5, frames_in_file=32)
    0.1
    >>> track_weight(quality=0.8, frames=1, frames_in_file=1)
    1.0
    >>> track_weight(quality=0.06, frames=1000, frames_in_file=1000)
    0.2
    """
    needed = 0.5 * max(1, min(FULL_FRAMES, frames_in_file))
    return min(1.0, quality * frames / needed, quality / FULL_QUALITY)


def shrunk(logit: float, weight: float, calibration: Calibration) -> float:
    """Return what a track's logit is worth: the less it counts, the nearer to `real_mean`."""
    return calibration.real_mean + math.sqrt(weight) * (logit - calibration.real_mean)


def pool_video(tracks: Sequence[TrackPool], calibration: Calibration) -> tuple[float, int]:
    """Return one logit for all faces of a video, as if it were of one face, and who decided.

    The most suspicious track decides, in proportion to its weight; the others only count for
    how many were looked at. Tracks under `MIN_DECIDING_WEIGHT` are left out beside others.

    Args:
        tracks: at least one.
        calibration: how real faces score.

    Returns:
        The logit, and the position of the track that decided.
    """
    clear = [i for i, track in enumerate(tracks) if track.weight >= MIN_DECIDING_WEIGHT]
    if 0 < len(clear) < len(tracks):
        logit, position = pool_video([tracks[i] for i in clear], calibration)
        return logit, clear[position]
    if len(tracks) == 1:  # not by way of probabilities, which would round
        return shrunk(tracks[0].logit, tracks[0].weight, calibration), 0
    mean, std = calibration.real_mean, calibration.real_std
    weights = [max(track.weight, 1e-6) for track in tracks]
    scores = [
        _clamped(math.sqrt(weight) * (track.logit - mean) / std)
        for track, weight in zip(tracks, weights, strict=True)
    ]
    ratios = [_tail(z) / weight for z, weight in zip(scores, weights, strict=True)]
    worst = min(range(len(tracks)), key=lambda i: (ratios[i], -scores[i]))
    # log of the chance that no track of a real video is as suspicious as the worst one
    log_none = _log_below(scores[worst])
    for i, weight in enumerate(weights):
        if i != worst:
            q = weight * ratios[worst]
            log_none += math.log1p(-q) if q < 1 - 1e-9 else _log_below(scores[worst])
    return mean + std * _deviation(log_none), worst


def _clamped(z: float) -> float:
    return max(-_FAR, min(_FAR, z))


def _tail(z: float) -> float:
    """Return P(Z > z) of a standard normal, exact far out."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def _log_below(z: float) -> float:
    """Return log P(Z < z), exact at both ends."""
    return math.log1p(-_tail(z)) if z > 0 else math.log(_tail(-z))


def _deviation(log_below: float) -> float:
    """Return the z whose log P(Z < z) is given."""
    tail = -math.expm1(log_below)
    if tail < 0.5:
        return -_STANDARD.inv_cdf(tail) if tail > 0 else _FAR
    below = math.exp(log_below)
    return _STANDARD.inv_cdf(below) if below > 0 else -_FAR


def _corrected(z: float, looks: int) -> float:
    """Return the deviation that a maximum over so many looks is worth (Šidák)."""
    return _deviation(looks * _log_below(_clamped(z)))


def _most_suspicious_stretch(
    times_s: Floats, logits: Floats, weights: Floats, calibration: Calibration
) -> tuple[float, Stretch] | None:
    levels = list(_windows(times_s, logits, weights))
    looks = sum(len(means) for _, _, means in levels)
    scatter = MIN_SCATTER * calibration.real_std
    best: tuple[float, float, int] | None = None
    for starts, ends, means in levels:  # the shortest first
        centre = float(np.median(means))
        if len(means) >= SCATTER_WINDOWS:
            scatter = max(_lower_scatter(means, centre), MIN_SCATTER * calibration.real_std)
        at = int(np.argmax(means))
        logit = centre + scatter * _corrected((means[at] - centre) / scatter, looks)
        if best is None or logit > best[0]:
            best = logit, (centre + means[at]) / 2, int(starts[at] + ends[at]) // 2
    if best is None:
        return None
    logit, border, middle = best
    return logit, _outlined(times_s, logits, weights, border, middle)


def _outlined(
    times_s: Floats, logits: Floats, weights: Floats, border: float, middle: int
) -> Stretch:
    """Find where a suspicious stretch truly begins and ends.

    From its middle outwards, as far as what is above `border` (half-way between the recording's
    own level and the stretch's) outweighs what is below.
    """
    excess = weights * (logits - border)
    first = middle - int(np.argmax(np.cumsum(excess[middle::-1])))
    last = middle + int(np.argmax(np.cumsum(excess[middle:])))
    part = slice(first, last + 1)
    weight = weights[part] if weights[part].sum() > 0 else None
    mean = float(np.average(logits[part], weights=weight))
    return Stretch(float(times_s[first]), float(times_s[last]), mean)


def _windows(
    times_s: Floats, logits: Floats, weights: Floats
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]]:
    """Yield first clip, last clip and mean logit of all stretches, the shortest first.

    Lengths are the track's clips halved again and again; neighbours overlap by half.
    """
    count = len(logits)
    weighted = np.concatenate([[0.0], np.cumsum(weights * logits)])
    weight = np.concatenate([[0.0], np.cumsum(weights)])
    for halvings in range(int(math.log2(max(count, 1))), 0, -1):
        length = count >> halvings
        if length < MIN_STRETCH_CLIPS:
            continue
        starts = np.arange(0, count - length + 1, max(length // 2, 1))
        ends = starts + length - 1
        total = weight[ends + 1] - weight[starts]
        keep = (times_s[ends] - times_s[starts] >= MIN_STRETCH_S) & (total > 0)
        if keep.any():
            starts, ends = starts[keep], ends[keep]
            means = (weighted[ends + 1] - weighted[starts]) / total[keep]
            yield starts, ends, means


def _lower_scatter(means: Floats, centre: float) -> float:
    """Return a standard deviation told from the less suspicious half alone.

    A fake stretch raises the other half, so that scatter told from both would hide it.
    """
    below = centre - means[means <= centre]
    return float(1.4826 * np.median(below))
