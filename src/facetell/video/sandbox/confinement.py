"""What a decoder process gives up before it looks into a file."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import facetell
from facetell.options import Limits
from facetell.video.sandbox.landlock import forbid_files_but
from facetell.video.sandbox.seccomp import forbid_sockets_and_processes

_MOST_OPEN_FILES = 64

_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")


def limit_resources(limits: Limits, *, for_good: bool) -> None:
    """Limit memory, processor time from now on, files that grow, open files and core dumps.

    Windows has none of these limits, and macOS does not heed that of memory.

    Args:
        limits: memory_bytes and processor_s are taken.
        for_good: this process cannot raise them again.
    """
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    processor_s = int(used.ru_utime + used.ru_stime + limits.processor_s) + 1
    wanted = {
        resource.RLIMIT_AS: int(limits.memory_bytes),
        resource.RLIMIT_CPU: processor_s,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _MOST_OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform != "linux":  # there threads count as processes, and FFmpeg needs threads
        wanted[resource.RLIMIT_NPROC] = 0
    for kind, soft in wanted.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        # At the soft limit of time comes a signal that tells why, at the hard one plain death.
        slack = 5 if kind == resource.RLIMIT_CPU else 0
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (soft, _lower(hard, soft + slack) if for_good else hard))


def _lower(hard: int, wanted: int) -> int:
    import resource

    return wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)


def confine(path: Path) -> tuple[str, ...]:
    """Keep this process from all but reading one file and libraries, as far as the kernel can.

    Args:
        path: the file.

    Returns:
        What the kernel took away: "landlock", "seccomp", both or none.
    """
    if sys.platform != "linux":
        return ()
    ways: dict[str, Callable[[], None]] = {
        "landlock": lambda: forbid_files_but([path, *_libraries()]),
        "seccomp": forbid_sockets_and_processes,
    }
    taken = []
    for name, forbid in ways.items():
        with contextlib.suppress(OSError):  # an older kernel, or another processor
            forbid()
            taken.append(name)
    return tuple(taken)


@cache
def _libraries() -> tuple[Path, ...]:
    """Where Python and packages lie: PyAV, for one, loads parts of itself when they are used."""
    specs = map(find_spec, ("av", "cv2", "numpy", "pillow_heif"))
    packages = {Path(s.origin).parents[1] for s in specs if s and s.origin}
    own = Path(facetell.__file__).parent
    return (*map(Path, _SYSTEM_LIBRARIES), Path(os.__file__).parent, own, *packages)


def die_first() -> None:
    """Have the kernel kill this process before others where memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
