"""One decoder process, seen from outside: started, asked, waited for, ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from io import FileIO
from typing import Any, cast

from facetell.errors import FacetellError
from facetell.video.sandbox.channel import Channel

_START_S = 60.0
"""A machine that is out of memory takes long to start a program."""

FORKS = sys.platform == "linux"
"""Other systems have no fork, or none that is safe beside their own libraries."""

_PASSED_ON = frozenset({"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "TZ"})
_SET = {
    # Threads that nobody uses, and address space that malloc reserves for each thread.
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


class Died(Exception):
    """The process is gone.

    Attributes:
        late: it was killed because it did not answer in time.
        status: its exit status; 128 and more for a signal, as shells have it.
    """

    def __init__(self, *, late: bool, status: int) -> None:
        super().__init__(late, status)
        self.late, self.status = late, status


class DecoderProcess:
    """A decoder process. It starts while the caller goes on, and ends when nobody holds it.

    Raises:
        FacetellError: it cannot be started.
    """

    def __init__(self) -> None:
        try:
            self._process, self._freed = _start()
        except OSError as error:
            raise _not_started(error.strerror or str(error)) from error
        self._owner = os.getpid()
        self._end = weakref.finalize(self, _end, self._process, self._freed, self._owner)
        pipes = (self._process.stdout, self._process.stdin)
        self._channel = Channel(*(cast("FileIO", pipe) for pipe in pipes))
        self._ready = False
        self._in_step = True
        self._late = False

    @property
    def pid(self) -> int:
        """Its process id, which is that of its process group, too."""
        return self._process.pid

    def is_usable(self) -> bool:
        """Whether it lives and waits to be asked, and not by a fork of who started it."""
        return self._in_step and self._owner == os.getpid() and self._process.poll() is None

    @contextlib.contextmanager
    def talk(self, wait_s: float) -> Iterator[Channel]:
        """Ask and take the answer, in so many seconds.

        Args:
            wait_s: after that the process is killed.

        Raises:
            Died: the process ended, or was killed because it was late.
            FacetellError: it did not even start.
        """
        self._await_start()
        with self._watched(wait_s):
            yield self._channel

    def await_freed(self, wait_s: float) -> None:
        """Wait until the fork that had a file is gone; only the process itself can say so.

        A fork that a file has taken over could say that it ended, and answer for the next file.
        What one has left behind in the pipe ends the process, too.

        Args:
            wait_s: after that the process is killed.

        Raises:
            Died: the process ended, or was ended.
        """
        if self._freed is None:
            return
        with self._watched(wait_s):
            gone = os.read(self._freed, 1)
            if not gone or select.select([cast("FileIO", self._process.stdout)], [], [], 0)[0]:
                raise EOFError

    def _await_start(self) -> None:
        if self._ready:
            return
        try:
            with self._watched(_START_S):
                self._channel.receive()
        except Died as death:
            raise _not_started(f"status {death.status}") from death
        self._ready = True

    @contextlib.contextmanager
    def _watched(self, wait_s: float) -> Iterator[None]:
        self._in_step = False  # until all was read: who is interrupted leaves the rest in the pipe
        watch = threading.Timer(wait_s, self._kill_late)
        watch.daemon = True
        watch.start()
        try:
            yield
        except (EOFError, OSError) as error:
            status = self.end()
            raise Died(late=self._late, status=status) from error
        finally:
            watch.cancel()
        self._in_step = True

    def _kill_late(self) -> None:
        self._late = True
        _kill(self._process)

    def end(self) -> int:
        """End it at once; return its exit status."""
        self._end()
        code = self._process.returncode
        return code if code >= 0 else 128 - code


def _start() -> tuple[subprocess.Popen[bytes], int | None]:
    """Start it; return it and the pipe in which it tells that a fork is gone, if it forks."""
    if not FORKS:
        return _started(), None
    freed, told = os.pipe()
    try:
        return _started(f"--fork={told}", pass_fds=(told,)), freed
    except OSError:
        os.close(freed)
        raise
    finally:
        os.close(told)


def _started(*arguments: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    apart: dict[str, Any] = {"start_new_session": True}  # ctrl-c is for us alone
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "facetell.video.sandbox.serving", *arguments],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what a hostile file has FFmpeg say is not for terminals
        env=environment(),
        pass_fds=pass_fds,
        **apart,
    )


def environment() -> dict[str, str]:
    """Pass on what programs need to run, and neither keys nor passwords."""
    kept = {k: v for k, v in os.environ.items() if k in _PASSED_ON or k.startswith("LC_")}
    # It finds what we find; the folder where we happen to be is none of these places by itself.
    return kept | _SET | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}


def _not_started(why: str) -> FacetellError:
    return FacetellError(
        f"the decoder process cannot be started ({why}): {sys.executable} must be able to import "
        "facetell; or decode in this process (isolate=False, --in-process)"
    )


def _end(process: subprocess.Popen[bytes], freed: int | None, owner: int) -> None:
    """Kill it and all that it started: there is nothing to save. A fork of its owner leaves it."""
    if os.getpid() != owner:
        return
    _kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe:
                pipe.close()
    if freed is not None:
        os.close(freed)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
