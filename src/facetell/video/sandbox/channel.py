"""Messages between two processes: a length, a line of JSON, and then maybe raw bytes.

Nothing is unpickled: a decoder that was taken over can send what it likes. Frames go through the
pipe too. Shared memory was measured and takes no less of the processor, for the copy that makes a
frame outlive its place in it costs as much as reading a pipe does.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from io import RawIOBase
from typing import Any

import numpy as np
import numpy.typing as npt

Message = dict[str, Any]

_LENGTH = struct.Struct("<I")
_MOST_BYTES = 1 << 26
"""Of one message, without what follows it: the largest asks for millions of frames."""


class Channel:
    """Two unbuffered pipes, one for each direction.

    Args:
        incoming: is read.
        outgoing: is written.
    """

    def __init__(self, incoming: RawIOBase, outgoing: RawIOBase) -> None:
        self._incoming, self._outgoing = incoming, outgoing

    def send(self, message: Mapping[str, object], *arrays: npt.NDArray[Any]) -> None:
        """Write a message and the bytes of arrays.

        Raises:
            OSError: nobody reads any more.
        """
        text = json.dumps(message).encode("ascii")
        self._write(memoryview(_LENGTH.pack(len(text)) + text))
        for array in arrays:
            self._write(np.ascontiguousarray(array).data.cast("B"))

    def _write(self, rest: memoryview) -> None:
        while rest:
            rest = rest[self._outgoing.write(rest) or 0 :]

    def receive(self) -> Message:
        """Read a message; the arrays that follow it are read by `fill`.

        Raises:
            EOFError: nobody writes any more.
            ValueError: what came is no message.
        """
        (size,) = _LENGTH.unpack(self._read(_LENGTH.size))
        if size > _MOST_BYTES:
            raise ValueError(f"a message of {size} bytes")
        try:
            message = json.loads(self._read(size))
        except RecursionError:
            raise ValueError("a message too deep") from None
        if not isinstance(message, dict):
            raise ValueError(f"no message: {message!r}")
        return message

    def _read(self, size: int) -> bytes:
        data = bytearray(size)
        self._read_into(memoryview(data))
        return bytes(data)

    def fill(self, array: npt.NDArray[Any]) -> None:
        """Read the bytes of an array.

        Raises:
            EOFError: nobody writes any more.
        """
        self._read_into(array.data.cast("B"))

    def _read_into(self, rest: memoryview) -> None:
        while rest:
            count = self._incoming.readinto(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
