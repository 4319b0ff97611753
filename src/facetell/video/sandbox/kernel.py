"""Linux's system calls that neither Python nor the C library has functions for."""

from __future__ import annotations

import ctypes
import os
from functools import cache

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def syscall(number: int, *arguments: int | ctypes._Pointer[ctypes.Structure] | None) -> int:
    """Make a system call.

    Raises:
        OSError: the kernel refused it, or does not know it.
    """
    widened = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc().syscall(ctypes.c_long(number), *widened))


def prctl(option: int, first: int, second: object = None) -> None:
    """Set an attribute of this process, as the system call of this name does.

    Raises:
        OSError: the kernel refused it.
    """
    nothing = ctypes.c_ulong(0)
    _checked(_libc().prctl(option, ctypes.c_ulong(first), second or nothing, nothing, nothing))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def die_with_parent(signal_number: int) -> None:
    """Have this process sent a signal when the thread that made it ends.

    Raises:
        OSError: the kernel refused it.
    """
    prctl(_PR_SET_PDEATHSIG, signal_number)


def gain_nothing() -> None:
    """Never get more rights by starting a program; landlock and seccomp ask for that.

    Raises:
        OSError: the kernel refused it.
    """
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
