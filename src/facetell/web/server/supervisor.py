"""Keeps programs running until somebody asks to stop, and then ends them all.

Each has a pipe as its standard input that ends when it is to end; see `facetell.web.lifeline`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

TICK_S = 0.1
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 30.0
"""Who lived so long is started again after the first pause, however often it died before."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is kept running.

    Attributes:
        name: for people.
        command: program and arguments.
        patience_s: how long it may take to end before it is killed.
    """

    name: str
    command: tuple[str, ...]
    patience_s: float


class Supervisor:
    """Runs programs until SIGINT or SIGTERM.

    Args:
        programs: what to run.
        tell: told in one line what happens.
    """

    def __init__(self, programs: Sequence[Program], tell: Callable[[str], None]) -> None:
        self._children = [_Child(program, tell) for program in programs]
        self._tell = tell
        self._asked = 0

    def run(self, each_tick: Callable[[], None]) -> None:
        """Run until asked to stop; asked a second time, kill what is left.

        Args:
            each_tick: called about ten times a second while it runs.
        """
        with _signals(self._stop):
            try:
                while not self._asked:
                    for child in self._children:
                        child.keep_alive()
                    each_tick()
                    time.sleep(TICK_S)
                self._end()
            finally:
                for child in self._children:
                    child.kill()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._asked += 1

    def _end(self) -> None:
        self._tell("stopping: what is being analysed is finished first; again to stop at once")
        for child in self._children:
            child.ask_to_end()
        while self._asked < 2 and any(child.is_wanted() for child in self._children):
            time.sleep(TICK_S)


class _Child:
    """One program: its process, and when it is started again."""

    def __init__(self, program: Program, tell: Callable[[str], None]) -> None:
        self._program = program
        self._tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._start_s = 0.0
        self._end_by_s = 0.0
        self._pause_s = 0.0

    def keep_alive(self) -> None:
        """Start it if it does not run and its pause is over."""
        now_s = time.monotonic()
        if self._process is None:
            if now_s >= self._start_s:
                self._start(now_s)
        elif (status := self._process.poll()) is not None:
            self._bury(status, now_s)

    def ask_to_end(self) -> None:
        """End its pipe; the program finishes what it does."""
        self._end_by_s = time.monotonic() + self._program.patience_s
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def is_wanted(self) -> bool:
        """Whether it still runs and has time left."""
        running = self._process is not None and self._process.poll() is None
        return running and time.monotonic() < self._end_by_s

    def kill(self) -> None:
        """End it whatever it does."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._tell(f"{self._program.name} does not end: killed")
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()

    def _start(self, now_s: float) -> None:
        self._start_s = now_s
        self._process = subprocess.Popen(
            self._program.command, stdin=subprocess.PIPE, **_apart_from_terminal()
        )

    def _bury(self, status: int, now_s: float) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
        self._process = None
        steady = now_s - self._start_s >= STEADY_S
        self._pause_s = (
            FIRST_PAUSE_S
            if steady or not self._pause_s
            else min(2 * self._pause_s, LONGEST_PAUSE_S)
        )
        self._start_s = now_s + self._pause_s
        self._tell(
            f"{self._program.name} ended ({_why(status)}); started again in {self._pause_s:g} s"
        )


def _apart_from_terminal() -> dict[str, Any]:
    """Keep ctrl-c, which a terminal sends to all at once, for the supervisor alone."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _why(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Any:
    wanted = [signal.SIGINT, signal.SIGTERM]
    if os.name == "nt":
        wanted.append(signal.SIGBREAK)  # type: ignore[attr-defined,unused-ignore]
    before = {number: signal.signal(number, handler) for number in wanted}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
