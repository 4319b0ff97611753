"""One pass over a stream: packets → the wanted frames, in order, at the least cost.

Between two wanted frames the decoder either goes on in sequence or jumps to the key frame before
the next one, whichever is faster; and frames that nothing else is built from are left undecoded
unless they are wanted themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import av
import numpy as np
import numpy.typing as npt

from facetell.video.bounds import DecodedBytes
from facetell.video.container import demuxed
from facetell.video.timetable import Timetable

JUMP_GAIN_FRAMES = 12
"""Jump to a key frame when that spares more frames than this: a jump costs the start of the
decoder's threads and its reordering delay anew. Measured by benchmarks/seeking.py."""

SKIPPING_CODECS: tuple[str, ...] = ("h264", "hevc", "mpeg2video", "mpeg4")
"""Codecs whose decoders heed from packet to packet what they may skip, bit by bit the same."""

Indices = npt.NDArray[np.int64]


class SeekFailed(Exception):
    """The file cannot be read from a key frame on; read it from its start."""


class StampsLie(Exception):
    """Frames come out of the decoder in another order than their timestamps: count them."""


@dataclass(slots=True)
class Losses:
    """What could not be decoded: packets, frames, and where the last of them was."""

    errors: int = 0
    damaged: int = 0
    last_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Wanted frames [start, stop) that are read without a jump, after one to the frame `key`."""

    start: int
    stop: int
    key: int | None


class Run:
    """One pass over a stream that stands at its beginning."""

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: av.VideoStream,
        timetable: Timetable,
        losses: Losses,
        decoded: DecodedBytes,
    ) -> None:
        self._container, self._stream, self._timetable = container, stream, timetable
        self._losses, self._decoded_bytes = losses, decoded
        self._last_index = -1
        self._wanted_pts: set[int] | None = None

    def frames(self, wanted: Indices, seek: bool) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield (index, frame), ascending; for a frame that is lost, the next one that is there.

        Raises:
            SeekFailed: a jump led somewhere else; what was yielded is right.
            StampsLie: the timestamps name the wrong frames.
        """
        pts = self._timetable.pts
        skips = self._stream.codec_context.codec.canonical_name in SKIPPING_CODECS
        if skips and pts is not None and len(wanted) * 2 < len(pts):
            self._wanted_pts = set(pts[wanted].tolist())
        place = 0
        for stretch in stretches(wanted, self._timetable, seek):
            if place >= stretch.stop:
                continue
            for index, frame in self._decoded(stretch.key):
                reached = int(np.searchsorted(wanted, index, side="right"))
                if reached > place and self._is_whole(frame, index):
                    yield index, frame
                    place = reached
                if place >= stretch.stop:
                    break

    def _is_whole(self, frame: av.VideoFrame, index: int) -> bool:
        if frame.is_corrupt:
            self._losses.damaged += 1
            self._losses.last_s = float(self._timetable.times_s[index])
        return not frame.is_corrupt

    def _decoded(self, key: int | None) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield (index, frame) from a key frame on, or from where the stream stands."""
        for packet in self._packets() if key is None else self._packets_from(key):
            for frame in self._decode(packet):
                self._decoded_bytes.add(frame.width, frame.height)
                index = self._index(frame.pts)
                if index is not None:
                    yield index, frame

    def _packets(self) -> Iterator[av.Packet[av.VideoStream]]:
        packets = demuxed(partial(self._container.demux, self._stream))
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.FFmpegError, OSError):
                return  # the timetable ends here, too, and told so
            yield packet

    def _packets_from(self, key: int) -> Iterator[av.Packet[av.VideoStream]]:
        pts = self._timetable.pts
        if pts is None:
            raise SeekFailed
        try:
            self._container.seek(int(pts[key]), stream=self._stream)
        except (av.FFmpegError, OSError):
            raise SeekFailed from None
        packets = self._packets()
        first = next(packets, None)
        # Some formats seek by guessing; a late start would lose the frame that is wanted.
        if first is None or first.pts is None or first.pts > pts[key] or not first.is_keyframe:
            raise SeekFailed
        self._last_index = -1
        yield first
        yield from packets

    def _decode(self, packet: av.Packet[av.VideoStream]) -> list[av.VideoFrame]:
        if self._wanted_pts is not None:
            unwanted = packet.pts is not None and packet.pts not in self._wanted_pts
            self._stream.codec_context.skip_frame = "NONREF" if unwanted else "DEFAULT"
        try:
            return packet.decode()
        except MemoryError:  # one of av.FFmpegError, and not for want of a good file
            raise
        except (av.FFmpegError, OSError):
            if packet.size:
                self._losses.errors += 1
                after = min(self._last_index + 1, len(self._timetable.times_s) - 1)
                self._losses.last_s = float(self._timetable.times_s[after])
            return []

    def _index(self, stamp: int | None) -> int | None:
        """Return a frame's index; None if it is not among the frames to be shown."""
        pts = self._timetable.pts
        if pts is None or stamp is None:
            index = self._last_index + 1
        else:
            index = int(np.searchsorted(pts, stamp, side="right")) - 1
        if not 0 <= index < len(self._timetable.times_s):
            return None
        if index < self._last_index:
            raise StampsLie
        self._last_index = index
        return index


def stretches(wanted: Indices, timetable: Timetable, seek: bool) -> list[Stretch]:
    """Cut the wanted frames, ascending, (n,), wherever a jump to a key frame pays."""
    count = len(wanted)
    if not seek or timetable.pts is None or len(timetable.key_indices) < 2:
        return [Stretch(0, count, None)]
    places = np.searchsorted(timetable.key_indices, wanted, side="right") - 1
    keys = timetable.key_indices[np.maximum(places, 0)]
    before = np.concatenate([[-1], wanted[:-1]])
    starts = np.flatnonzero(keys - before > JUMP_GAIN_FRAMES).tolist()
    bounds = [*starts, count]
    jumps = [Stretch(s, e, int(keys[s])) for s, e in pairwise(bounds)]
    return [Stretch(0, bounds[0], None), *jumps] if bounds[0] else jumps
