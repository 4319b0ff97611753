"""One line on a terminal that says how far the work is; nothing in a pipe."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from typing import TextIO

from facetell.wording import printable

_PERIOD_S = 0.1
_BAR_WIDTH = 20
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """Redraws `[2/7] ####...... frames 12 of 32  clip.mp4` in place, at most ten times a second.

    Args:
        total: how many files there are.
        shown: False keeps it silent.
        stream: where to draw; standard error, so that results can go elsewhere.
    """

    def __init__(self, total: int, shown: bool, stream: TextIO | None = None) -> None:
        self._total = total
        self._stream = stream or sys.stderr
        self._shown = shown and self._stream.isatty()
        self._number = 0
        self._name = ""
        self._drawn_s = float("-inf")

    def start(self, name: str) -> None:
        """Go on to the next file."""
        self._number += 1
        self._name = printable(name)
        self._drawn_s = float("-inf")
        self.update("opening", 0, None)

    def update(self, stage: str, done: int, total: int | None) -> None:
        """Show how much of the file is done; `pipeline.Progress` describes the arguments."""
        now_s = time.monotonic()
        if not self._shown or now_s - self._drawn_s < _PERIOD_S:
            return
        self._drawn_s = now_s
        self._write(_CLEAR + self._line(stage, done, total))

    def clear(self) -> None:
        """Take the line away, before anything else is printed."""
        if self._shown:
            self._write(_CLEAR)

    def _line(self, stage: str, done: int, total: int | None) -> str:
        fraction = done / total if total else 0.0
        filled = round(fraction * _BAR_WIDTH)
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        told = f"{stage} {done} of {total}" if total else stage
        line = f"[{self._number}/{self._total}] {bar} {told}  {self._name}"
        # A line that wraps couldn't be cleared.
        return line[: shutil.get_terminal_size().columns - 1]

    def _write(self, text: str) -> None:
        # Progress is a courtesy: a terminal that went away must not end the work.
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()
