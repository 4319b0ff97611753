"""How far a run over files is: a line that is redrawn on a terminal, and one a minute elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

from facetell.wording import clock

REDRAWN_S, LOGGED_S = 0.2, 60.0
CLEAR = "\r\x1b[K"


class FileProgress:
    """Counts files and tells rate and time left.

    Args:
        total: files to do in this run.
        stream: where to; standard error, so that results can go elsewhere.
        now_s: the clock.
        noun: what is counted.
    """

    def __init__(
        self,
        total: int,
        stream: TextIO | None = None,
        now_s: Callable[[], float] = time.monotonic,
        noun: str = "files",
    ) -> None:
        self._noun = noun
        self._total, self._stream, self._now_s = total, stream or sys.stderr, now_s
        self._done = self._skipped = 0
        self._begun_s = self._shown_s = now_s()
        self._redraws = self._stream.isatty()

    def step(self, skipped: bool = False) -> None:
        """Count one file, and show it now and then."""
        self._done += 1
        self._skipped += skipped
        period_s = REDRAWN_S if self._redraws else LOGGED_S
        if self._now_s() - self._shown_s >= period_s:
            self._shown_s = self._now_s()
            self._show()

    def finish(self) -> None:
        """Take the line away from a terminal."""
        if self._redraws:
            print(CLEAR, end="", file=self._stream, flush=True)

    def line(self) -> str:
        """Return `12 of 400 files, 3.1 a second, 2:05 left, 1 skipped`."""
        rate_hz = self._done / max(self._now_s() - self._begun_s, 1e-9)
        left = clock((self._total - self._done) / rate_hz) if self._done else "unknown time"
        counted = (
            f"{self._done:,} of {self._total:,} {self._noun}, {rate_hz:.1f} a second, {left} left"
        )
        return f"{counted}, {self._skipped:,} skipped" if self._skipped else counted

    def _show(self) -> None:
        if self._redraws:
            width = shutil.get_terminal_size().columns - 1
            print(CLEAR + self.line()[:width], end="", file=self._stream, flush=True)
        else:
            print(self.line(), file=self._stream, flush=True)
