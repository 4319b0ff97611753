"""Seccomp: from now on this thread opens no socket and starts no process or program.

A filter that the kernel asks before each system call, in classic BPF
(Documentation/userspace-api/seccomp_filter.rst), for the processors whose numbers of system calls
stand here. Written out, for no library for Python has wheels for both. It names what is forbidden:
what numpy, OpenCV and FFmpeg need changes with the C library.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

from facetell.video.sandbox.kernel import gain_nothing, prctl

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000

_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
"""System calls from here on belong to another interface of x86-64."""


@dataclass(frozen=True, slots=True)
class _Processor:
    """Its AUDIT_ARCH, and its numbers of system calls."""

    architecture: int
    clone: int
    forbidden: tuple[int, ...]


_CLONE3, _IO_URING_SETUP = 435, 425
_SINCE_LINUX_5 = (438, 452, 463, 466, 469)
"""pidfd_getfd, fchmodat2, setxattrat, removexattrat, file_setattr: one number on all processors."""
_PROCESSORS = {
    "x86_64": _Processor(
        0xC000003E,
        56,
        # socket, socketpair, fork, vfork, execve, ptrace, setpgid, setsid, unshare, execveat
        (41, 53, 57, 58, 59, 101, 109, 112, 272, 322, _IO_URING_SETUP)
        # truncate, chmod, chown, utime and xattr with their kin, process_vm_readv and _writev
        + (76, 77, 90, 91, 92, 93, 94, 132, 188, 189, 190, 197, 198, 199, 235, 260, 261, 268, 280)
        + (310, 311)
        + _SINCE_LINUX_5,
    ),
    "aarch64": _Processor(
        0xC00000B7,
        220,
        # socket, socketpair, execve, ptrace, setpgid, setsid, unshare, execveat
        (198, 199, 221, 117, 154, 157, 97, 281, _IO_URING_SETUP)
        # the same kin of truncate, chmod, chown, utime and xattr, and process_vm_readv, _writev
        + (5, 6, 7, 14, 15, 16, 45, 46, 52, 53, 54, 55, 88, 270, 271)
        + _SINCE_LINUX_5,
    ),
}


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def forbid_sockets_and_processes() -> None:
    """Let this thread, and those that it starts, make threads but no processes, and no sockets.

    Raises:
        OSError: the kernel has no seccomp, or the processor is not one of those named here.
    """
    processor = _PROCESSORS.get(platform.machine())
    if processor is None or struct.calcsize("P") != 8:
        raise OSError(errno.ENOSYS, "no filter for this processor")
    code = _filter(processor)
    gain_nothing()
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.pointer(_Program(len(code) // 8, code)))


def _filter(processor: _Processor) -> bytes:
    """Return the filter; a jump skips so many instructions, if true and if false."""
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, processor.architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
        # The C library then starts its threads by clone, whose flags can be looked at.
        *_fail(_CLONE3, errno.ENOSYS),
        *(line for number in processor.forbidden for line in _fail(number, errno.EPERM)),
        (_IF_EQUAL, 0, 3, processor.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in code)


def _fail(number: int, error: int) -> list[tuple[int, int, int, int]]:
    return [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _FAIL | error)]
