"""Who opens a file or calls a host, whatever library does it: the system sees it.

`Opened` uses inotify, which tells of every open of a file in a folder; `Caller` is a real listening
socket, to which the kernel lets whoever calls connect.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_IN_OPEN, _IN_NONBLOCK = 0x20, 0o4000
_EVENT = struct.Struct("iIII")  # inotify(7): watch, mask, cookie, length of the name

needs_inotify = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


class Opened:
    """Notes which files of some folders are opened, by their names."""

    def __init__(self, *folders: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._folders = folders
        self._watches: dict[int, Path] = {}

    def __enter__(self) -> Self:
        self._inotify = self._libc.inotify_init1(_IN_NONBLOCK)
        for folder in self._folders:
            watch = self._libc.inotify_add_watch(self._inotify, os.fsencode(folder), _IN_OPEN)
            if watch < 0:
                raise OSError(ctypes.get_errno(), f"cannot watch {folder}")
            self._watches[watch] = folder
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._inotify)

    def files(self) -> set[Path]:
        """Return the files that were opened since the last call; folders are left out."""
        found: set[Path] = set()
        while True:
            try:
                data = os.read(self._inotify, 1 << 16)
            except BlockingIOError:
                return found
            at = 0
            while at < len(data):
                watch, _, _, length = _EVENT.unpack_from(data, at)
                name = data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
                if name and not (path := self._watches[watch] / os.fsdecode(name)).is_dir():
                    found.add(path)
                at += _EVENT.size + length


class Caller:
    """A server on this machine that says nothing and counts who calls."""

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def calls(self) -> int:
        """Return how many connections there were since the last call."""
        count = 0
        while True:
            try:
                self._socket.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1
