"""How far a batch is, how fast it goes, and when it will be done."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

from facetell.wording import counted

_WINDOW = 200
"""Videos that the rate is taken over: it follows the work, and forgets a slow start."""
_TERMINAL_PERIOD_S = 0.5
_LOG_PERIOD_S = 60.0
_CLEAR = "\r\x1b[K"


class BatchProgress:
    """Tells `120 of 4,000 videos (2 failed), 1.6 a second, 40 min left`.

    On a terminal one line is drawn anew; elsewhere a line is printed once a minute.

    Args:
        total: videos of this run.
        shown: False keeps it silent.
        stream: where to; standard error by default.
        clock: seconds.
    """

    def __init__(
        self,
        total: int,
        shown: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = total
        self._stream = stream or sys.stderr
        self._shown = shown
        self._terminal = self._stream.isatty()
        self._clock = clock
        self._ends_s: deque[float] = deque([clock()], maxlen=_WINDOW + 1)
        self._told_s = self._ends_s[0]
        self.done = 0
        self.failed = 0

    def add(self, failed: bool) -> None:
        """Count one more video."""
        self.done += 1
        self.failed += failed
        self._ends_s.append(self._clock())
        period_s = _TERMINAL_PERIOD_S if self._terminal else _LOG_PERIOD_S
        if self._shown and self._ends_s[-1] - self._told_s >= period_s:
            self._told_s = self._ends_s[-1]
            line = self.line()
            self._write(f"{_CLEAR}{line[: _width()]}" if self._terminal else f"{line}\n")

    def clear(self) -> None:
        """Take the line away, before anything else is printed."""
        if self._shown and self._terminal:
            self._write(_CLEAR)

    def line(self) -> str:
        """Say how far it is."""
        failed = f" ({self.failed:,} failed)" if self.failed else ""
        told = f"{self.done:,} of {self._total:,} videos{failed}"
        if not (rate := self.rate_hz):
            return told
        pace = f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.1f} a minute"
        return f"{told}, {pace}, {duration((self._total - self.done) / rate)} left"

    @property
    def rate_hz(self) -> float:
        """Videos a second of late; 0 before the first."""
        took_s = self._ends_s[-1] - self._ends_s[0]
        return (len(self._ends_s) - 1) / took_s if took_s > 0 else 0.0

    def _write(self, text: str) -> None:
        # Progress is a courtesy: a terminal that went away must not end the work.
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()


def _width() -> int:
    return shutil.get_terminal_size().columns - 1


def duration(time_s: float) -> str:
    """A length of time, as exactly as one can know it.

    >>> duration(42), duration(600), duration(5 * 3600 + 720), duration(200_000)
    ('42 s', '10 min', '5 h 12 min', '2 days 8 h')
    """
    minutes, hours = round(time_s / 60), round(time_s / 3600)
    if time_s < 90:
        return f"{round(time_s)} s"
    if minutes < 120:
        return f"{minutes} min"
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{counted(hours // 24, 'day')} {hours % 24} h"
