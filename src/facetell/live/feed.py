"""A source → its newest frames, read in a thread of its own.

Whoever analyses takes a frame when ready for one. Of a live source only the newest waits: an older
one is dropped and counted, so that an answer is never about what was seconds ago. A source that
breaks off or goes silent is opened again, after 1, 2, 4 … 30 seconds.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from facetell.errors import FacetellError
from facetell.live.devices import opened_source, refusal
from facetell.live.names import Source
from facetell.options import Limits
from facetell.video.bounds import require_size
from facetell.video.container import demuxed
from facetell.video.display import Display
from facetell.video.media import Pixels

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
STEADY_S = 10.0
"""A source that ran so long is opened again after the first pause, however often it broke."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A frame to be analysed.

    Attributes:
        rgb: uint8, (H, W, 3), upright.
        time_s: of a file its own time, else seconds since the feed began.
        arrived_s: when it came, by `time.monotonic`.
    """

    rgb: Pixels
    time_s: float
    arrived_s: float


class Ended(Exception):
    """The source has come to its end; `error` says why if that was not expected."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error


class Feed:
    """A source that is being read; a context manager.

    Args:
        source: what to read.
        step_s: take frames no nearer to each other than this.
        limits: of which that of pixels counts for each frame.
        depth: frames of a live source that wait at most.
        realtime: whether a file is read as fast as it is shown, with frames dropped as if live;
            else each frame waits for its analysis.
        tell: told in one line when the source is lost and found again, from the feed's thread.

    Attributes:
        dropped: frames that nobody was ready for.
        reopened: how often the source was opened again.
    """

    def __init__(
        self,
        source: Source,
        step_s: float,
        limits: Limits,
        *,
        depth: int = 1,
        realtime: bool = False,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._step_s = step_s
        self._limits = limits
        self._depth = depth
        self._realtime = realtime
        self._drops = realtime or not source.ends
        self._tell = tell
        self._waiting: deque[Arrival] = deque()
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._end: Ended | None = None
        self._thread = threading.Thread(target=self._run, name="facetell-feed", daemon=True)
        self._begun_s = time.monotonic()
        self._next_s = -float("inf")
        self._last_s = -float("inf")
        self.dropped = 0
        self.reopened = 0

    def __enter__(self) -> Self:
        self._begun_s = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        # a driver that never returns must not hold the program: the thread is a daemon
        self._thread.join(2.0)

    def take(self, patience_s: float) -> Arrival | None:
        """Return the next frame, or None if none comes for so long.

        Raises:
            Ended: there will be no more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._end, patience_s)
            if self._waiting:
                arrival = self._waiting.popleft()
                self._changed.notify_all()
                return arrival
            if self._end:
                raise self._end
            return None

    def _run(self) -> None:
        error: Exception | None = None
        try:
            self._read_for_ever()
        except Exception as caught:  # told to whoever takes frames
            error = caught
        with self._changed:
            self._end = Ended(error)
            self._changed.notify_all()

    def _read_for_ever(self) -> None:
        """Read until the end of a file or until somebody stops; open again what breaks off."""
        pause_s, worked = FIRST_PAUSE_S, False
        while not self._stopped.is_set():
            begun_s, lost = time.monotonic(), "the source has ended"
            try:
                for _ in self._read():
                    if not worked and self.reopened:
                        self._tell(f"{self._source.shown}: is back")
                    worked = True
            except FacetellError as error:
                if self._source.ends or not (worked or self.reopened):
                    raise
                lost = str(error)
            if self._source.ends or self._stopped.is_set():
                return
            steady = worked and time.monotonic() - begun_s >= STEADY_S
            pause_s = FIRST_PAUSE_S if steady else pause_s
            self._tell(f"{lost}; trying again in {pause_s:g} s")
            self._stopped.wait(pause_s)
            pause_s, worked = min(2 * pause_s, LONGEST_PAUSE_S), False
            self.reopened += 1

    def _read(self) -> Iterator[None]:
        """Hand on the frames of one opening; yields after each."""
        with opened_source(self._source, self._limits) as (container, stream):
            display = Display(stream.sample_aspect_ratio)
            try:
                for frame in _whole_frames(container, stream):
                    if self._stopped.is_set():
                        return
                    self._take_in(frame, display)
                    yield
            except (av.FFmpegError, OSError) as error:
                raise refusal(self._source, error) from None

    def _take_in(self, frame: av.VideoFrame, display: Display) -> None:
        time_s = self._time_of(frame)
        if time_s <= self._last_s or time_s < self._next_s - 0.05 * self._step_s:
            return
        require_size(Path(self._source.shown), self._limits, frame.width, frame.height)
        late_s = time_s - self._next_s
        # on schedule, so that 25 frames a second give ten and not eight; after a hole a new one
        self._next_s = (self._next_s if late_s < self._step_s else time_s) + self._step_s
        self._last_s = time_s
        self._put(Arrival(display.rgb(frame), time_s, time.monotonic()))

    def _time_of(self, frame: av.VideoFrame) -> float:
        if not self._source.ends:
            return time.monotonic() - self._begun_s
        time_s = (
            frame.time
            if frame.time is not None
            else max(self._last_s, -self._step_s) + self._step_s
        )
        if self._realtime:
            self._stopped.wait(max(0.0, self._begun_s + time_s - time.monotonic()))
        return time_s

    def _put(self, arrival: Arrival) -> None:
        with self._changed:
            if not self._drops:
                self._changed.wait_for(
                    lambda: len(self._waiting) < self._depth or self._stopped.is_set()
                )
            while len(self._waiting) >= self._depth:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(arrival)
            self._changed.notify_all()


def _whole_frames(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame]:
    """Yield the frames that can be decoded; damaged packets are passed over, as those of files."""
    for packet in demuxed(partial(container.demux, stream)):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        yield from (frame for frame in frames if isinstance(frame, av.VideoFrame))
