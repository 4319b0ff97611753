"""A file's packets → when each frame is shown, and which are key frames, without decoding.

Headers lie: frame counts and durations are missing, estimated or left over from before a file was
cut. Reading all packets costs a small part of decoding them (see benchmarks/seeking.py), and the
file has to be read for its SHA-256 anyway, so nothing is believed that can be counted.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from facetell.options import Limits
from facetell.video.bounds import require_within
from facetell.video.container import demuxed
from facetell.wording import Sentence

LONGEST_PAUSE_S = 1.0
"""A longer gap counts as this long when frames are spread: a slide shown for minutes is one
picture, and a jump of the clock is no content at all."""

LONGEST_GAP_S = 3600.0
"""A longer gap between two frames is a broken clock."""

USUAL_RATE_HZ = 25


@dataclass(frozen=True, slots=True)
class Timetable:
    """When the frames of a stream are shown.

    Attributes:
        pts: timestamps in units of the stream's time base, ascending, int64, (n,); None where
            the file has none to go by, so that frames can only be counted.
        times_s: seconds from the first frame, ascending, float64, (n,).
        key_indices: frames where decoding can start, ascending, int64, (k,).
        declared_s: duration that the header claims; None if it claims none.
        end_s: where the last packet of any kind ends, sound included, on the scale of declared_s.
        cut_off: reading stopped in the middle of a frame.
        clock_missing: the times were reckoned from a frame rate.
        step_s: usual time from one frame to the next.
    """

    pts: npt.NDArray[np.int64] | None
    times_s: npt.NDArray[np.float64]
    key_indices: npt.NDArray[np.int64]
    declared_s: float | None
    end_s: float
    cut_off: bool
    clock_missing: bool
    step_s: float

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return float(self.times_s[-1]) + self.step_s

    @property
    def clock_s(self) -> npt.NDArray[np.float64]:
        """Return `times_s` with long pauses cut short, (n,)."""
        steps = np.minimum(np.diff(self.times_s), LONGEST_PAUSE_S)
        return np.concatenate([[0.0], np.cumsum(steps)])

    def warnings(self) -> Iterator[str]:
        """Yield what is wrong with the file, as far as its packets tell."""
        if self.clock_missing:
            rate = 1 / self.step_s
            yield Sentence(
                "Its timestamps are missing or unusable: times assume {rate} frames/s.",
                rate=f"{rate:.4g}",
            )
        if self.declared_s and self.declared_s - self.end_s > max(1.0, 0.03 * self.declared_s):
            yield Sentence(
                "The file is cut off, or its header is wrong: it announces {declared} s, but only "
                "the first {there} s are there; these were analysed.",
                declared=f"{self.declared_s:.1f}",
                there=f"{self.duration_s:.1f}",
            )
        elif self.cut_off:
            yield Sentence(
                "The file is cut off within a frame, {seconds} s from its start.",
                seconds=f"{self.duration_s:.1f}",
            )


@dataclass(slots=True)
class _Tally:
    """What the scan gathers; arrays, so that hours of packets stay small."""

    pts: array[int]
    dts: array[int]
    key: array[int]
    declared_s: float | None
    end_s: float = 0.0
    last_corrupt: bool = False
    broken: bool = False


_NO_STAMP = -(2**63)


def scan(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream, limits: Limits
) -> Timetable:
    """Read all packets of a container and return the timetable of one stream.

    The container is at its end afterwards. A stream without packets gives zero frames.

    Raises:
        MediaTooLarge: there are more frames than `limits` allow.
    """
    declared_s = _declared_s(container, stream)
    tally = _Tally(array("q"), array("q"), array("b"), declared_s)
    for packet in _packets(container, tally):
        _count(tally, packet, packet.stream_index == stream.index)
        require_within(path, limits, "frames", len(tally.pts))
    if tally.last_corrupt and len(tally.pts) > 1:
        for column in (tally.pts, tally.dts, tally.key):
            column.pop()
    return _by_stamps(container, stream, tally) or _by_count(stream, tally)


def _packets(
    container: av.container.InputContainer, tally: _Tally
) -> Iterator[av.Packet[av.stream.Stream]]:
    packets = demuxed(container.demux)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.FFmpegError, OSError):
            tally.broken = True  # what was read up to here is still good
            return
        if packet.size and packet.time_base:
            yield packet


def _count(tally: _Tally, packet: av.Packet[av.stream.Stream], wanted: bool) -> None:
    stamp = packet.pts if packet.pts is not None else packet.dts
    if stamp is not None:
        end = (stamp + (packet.duration or 0)) * packet.time_base
        tally.end_s = max(tally.end_s, float(end))
    # Edit lists mark packets that are decoded but never shown.
    if wanted and not packet.is_discard:
        tally.pts.append(_NO_STAMP if packet.pts is None else packet.pts)
        tally.dts.append(_NO_STAMP if packet.dts is None else packet.dts)
        tally.key.append(packet.is_keyframe)
        tally.last_corrupt = packet.is_corrupt


def _declared_s(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """Return where the header says that the stream, or failing that the file, ends."""
    if stream.duration and stream.duration > 0 and stream.time_base:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    if container.duration and container.duration > 0:
        return (max(container.start_time or 0, 0) + container.duration) / av.time_base
    return None


def _by_stamps(
    container: av.container.InputContainer, stream: av.VideoStream, tally: _Tally
) -> Timetable | None:
    """Return a timetable by the packets' timestamps; None if they are no use."""
    # AVI stores no order of display, and what FFmpeg guesses for reordered frames is wrong.
    guessed = container.format.name == "avi" and stream.codec_context.has_b_frames
    shown = None if guessed else _usable(tally.pts, stream)
    found = shown or _usable(tally.dts, stream)
    if found is None:
        return None
    stamps, first = found
    # int64 is too small for the difference of two of its own
    times_s = (stamps - stamps[0]).view(np.uint64) * float(stream.time_base or 1)
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else _announced_step_s(stream)
    return Timetable(
        pts=stamps if shown else None,
        times_s=times_s,
        key_indices=np.flatnonzero(np.frombuffer(tally.key, np.int8)[first]).astype(np.int64),
        declared_s=tally.declared_s,
        end_s=tally.end_s,
        cut_off=tally.last_corrupt or tally.broken,
        clock_missing=False,
        step_s=step_s,
    )


def _usable(
    stamps: array[int], stream: av.VideoStream
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    """Return distinct timestamps, ascending, and the packet of each; None if too many lack."""
    unique, first = np.unique(np.frombuffer(stamps, np.int64), return_index=True)
    if len(unique) and unique[0] == _NO_STAMP:
        unique, first = unique[1:], first[1:]
    # Half may lack: the second fields of interlaced frames have none of their own.
    if not len(unique) or len(unique) * 2 < len(stamps):
        return None
    gaps_s = np.diff(unique.astype(np.float64)) * float(stream.time_base or 1)
    return None if np.any(gaps_s > LONGEST_GAP_S) else (unique, first)


def _by_count(stream: av.VideoStream, tally: _Tally) -> Timetable:
    """Return a timetable that counts packets at the announced rate."""
    step_s = _announced_step_s(stream)
    return Timetable(
        pts=None,
        times_s=np.arange(len(tally.pts), dtype=np.float64) * step_s,
        key_indices=np.flatnonzero(np.frombuffer(tally.key, np.int8)).astype(np.int64),
        declared_s=None,  # with a broken clock nothing tells what is missing
        end_s=tally.end_s,
        cut_off=tally.last_corrupt or tally.broken,
        clock_missing=len(tally.pts) > 1,
        step_s=step_s,
    )


def _announced_step_s(stream: av.VideoStream) -> float:
    for rate in (stream.guessed_rate, stream.average_rate):
        if rate is not None and 0 < rate <= 1000:
            return float(1 / rate)
    return 1 / USUAL_RATE_HZ
