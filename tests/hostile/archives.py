"""Zips that mean harm."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

VIDEO = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 4


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def directory_entry(name: bytes, size: int, packed: int, at: int, **more: int) -> bytes:
    """Return an entry of the central directory (APPNOTE 4.3.12)."""
    flags, method, mode = (more.get(key, 0) for key in ("flags", "method", "mode"))
    crc = more.get("crc", 0)
    head = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0x031E, 20, flags, method, 0, 0x21, crc,
                       packed, size, len(name), 0, 0, 0, 0, mode << 16, at)  # fmt: skip
    return head + name


def local_entry(name: bytes, data: bytes, size: int, method: int = 0) -> bytes:
    """Return a file as it lies in a zip (4.3.7)."""
    crc = zlib.crc32(data)
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, method, 0, 0x21, crc, len(data), size,
                       len(name), 0)  # fmt: skip
    return head + name + data


def closed(files: bytes, directory: Sequence[bytes], count: int | None = None) -> bytes:
    """Put directory and end behind the files (4.3.16)."""
    entries = b"".join(directory)
    number = min(len(directory) if count is None else count, 0xFFFF)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, number, number, len(entries), len(files), 0)
    return files + entries + end


def overlapping(count: int) -> bytes:
    """One compressed file that as many entries share (D. Fifield, A better zip bomb, 2019)."""
    squeezer = zlib.compressobj(9, wbits=-15)
    packed = squeezer.compress(bytes(1 << 16)) + squeezer.flush()
    file = local_entry(b"a.mp4", packed, 1 << 16, zipfile.ZIP_DEFLATED)
    more = {"method": zipfile.ZIP_DEFLATED, "crc": zlib.crc32(bytes(1 << 16))}
    entry = directory_entry(b"a.mp4", 1 << 16, len(packed), 0, **more)
    return closed(file, [entry] * count)


def crowded(count: int) -> bytes:
    """So many entries of nothing."""
    return closed(b"", [directory_entry(b"a.mp4", 0, 0, 0)] * count)


def lying(size: int) -> bytes:
    """One file that says it unpacks to so much, and has more in it."""
    squeezer = zlib.compressobj(9, wbits=-15)
    packed = squeezer.compress(bytes(1 << 20)) + squeezer.flush()
    more = {"method": zipfile.ZIP_DEFLATED, "crc": zlib.crc32(bytes(1 << 20))}
    file = local_entry(b"a.mp4", packed, size, zipfile.ZIP_DEFLATED)
    return closed(file, [directory_entry(b"a.mp4", size, len(packed), 0, **more)])


def link(target: bytes) -> bytes:
    """A symbolic link."""
    entry = directory_entry(
        b"a.mp4", len(target), len(target), 0, mode=0o120777, crc=zlib.crc32(target)
    )
    return closed(local_entry(b"a.mp4", target, len(target)), [entry])


def locked() -> bytes:
    """A file with a password."""
    entry = directory_entry(b"a.mp4", len(VIDEO), len(VIDEO), 0, flags=1)
    return closed(local_entry(b"a.mp4", VIDEO, len(VIDEO)), [entry])


def of_method(method: int) -> bytes:
    """A file that is packed in a way that few can unpack."""
    entry = directory_entry(b"a.mp4", len(VIDEO), len(VIDEO), 0, method=method)
    return closed(local_entry(b"a.mp4", VIDEO, len(VIDEO), method), [entry])
