"""Landlock: from now on this thread may read some files, and open, make or change no other.

The kernel's own interface, Documentation/userspace-api/landlock.rst, without a library: those for
Python are less than a year old or not released. A file that is open already stays usable.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from facetell.video.sandbox.kernel import gain_nothing, syscall

# The same on all processors, as all calls that are newer than Linux 5.1.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1  # a flag of the first, a kind of rule of the second
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Version of the interface → how many rights on files it knows, the lowest bits; later ones 16."""

_BIND_AND_CONNECT_TCP = 0b11  # from version 4 on
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11  # from version 6 on


class _Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr: what is forbidden unless a rule allows it."""

    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathRule(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("file", ctypes.c_int32))


def forbid_files_but(paths: Iterable[Path]) -> None:
    """Leave this thread, and those that it starts, some files to read.

    TCP is forbidden too from Linux 6.7 on, and signals to processes outside from 6.12 on.

    Args:
        paths: files, and folders with all that is in them; they may be missing.

    Raises:
        OSError: the kernel has no landlock, or it is turned off.
    """
    version = syscall(_CREATE_RULESET, None, 0, _VERSION)
    ruleset = _create_ruleset(version)
    try:
        for path in paths:
            _allow(ruleset, path)
        gain_nothing()
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _create_ruleset(version: int) -> int:
    wanted = _Ruleset(
        files=(1 << _FILE_RIGHTS.get(version, 16)) - 1,
        network=_BIND_AND_CONNECT_TCP,
        scoped=_ABSTRACT_SOCKETS_AND_SIGNALS,
    )
    # An older kernel refuses fields that it does not know.
    known = 3 if version >= 6 else 2 if version >= 4 else 1
    return syscall(_CREATE_RULESET, ctypes.pointer(wanted), 8 * known, 0)


def _allow(ruleset: int, path: Path) -> None:
    try:
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (OSError, ValueError):
        return  # whoever opens it says why that fails
    try:
        folder = stat.S_ISDIR(os.fstat(file).st_mode)
        allowed = _READ_FILE | _READ_FOLDER if folder else _READ_FILE
        rule = _PathRule(allowed=allowed, file=file)
        syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.pointer(rule), 0)
    finally:
        os.close(file)
