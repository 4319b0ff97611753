"""The processes that a process started, on Linux."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children, and so on; the dead unburied too."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            fields = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = parents.get(pid, [])
    return found + [one for child in found for one in descendants(child)]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and unburied does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def comes_true(condition: Callable[[], bool], within_s: float = 20.0) -> bool:
    """Wait until a condition holds; return whether it does."""
    until_s = time.monotonic() + within_s
    while not condition() and time.monotonic() < until_s:
        time.sleep(0.01)
    return condition()


def is_open(path: Path, pid: int) -> bool:
    """Whether a process or one that it started has a file open."""
    for process in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):  # it has just ended, or closed a file
            if any(fd.samefile(path) for fd in _files(process)):
                return True
    return False


def _files(pid: int) -> list[Path]:
    return [fd for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.exists()]
