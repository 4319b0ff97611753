"""Files of a request → the files to analyse: a zip is taken apart, by strict limits.

Nothing is unpacked by the names within: each member is streamed into the storage like an upload,
where its true size is counted, whatever the archive says about it.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from django.conf import settings
from ninja import UploadedFile

from facetell.web.analyses.problems import Problem, UploadTooLarge
from facetell.web.analyses.uploads import clean_name

MOST_FILES = 100
MOST_RATIO = 100
"""Videos hardly shrink; what unpacks to more than so many times its size is no video."""
MOST_DIRECTORY_BYTES = 1 << 20
"""Of a zip's list of files: a hundred names, and folders and what macOS adds, many times over."""
CHUNK_BYTES = 1 << 20
_END = struct.Struct("<IHHHHIIH")
_END_MARK = b"PK\5\6"
"""The end of a zip's list of files (APPNOTE.TXT 4.3.16)."""


class BadArchive(Problem):
    """A zip that cannot be read, or that holds more than is taken."""

    code = "bad_archive"
    status = 422


@dataclass(frozen=True, slots=True)
class Member:
    """One file to analyse.

    Attributes:
        name: without folders.
        chunks: reads its bytes, once.
    """

    name: str
    chunks: Callable[[], Iterator[bytes]]


def members(files: Sequence[UploadedFile], stack: ExitStack) -> Iterator[Member]:
    """Yield each file; a zip's files in its stead.

    Args:
        files: what was sent.
        stack: keeps the archives open until the members are read.

    Raises:
        BadArchive: a zip is broken, too full, locked, or holds what grows beyond measure.
    """
    number = 0
    for file in files:
        for member in _opened(file, stack):
            number += 1
            if number > MOST_FILES:
                raise BadArchive(f"more than {MOST_FILES} files in one batch; send several")
            yield member


def _opened(file: UploadedFile, stack: ExitStack) -> Iterator[Member]:
    name = clean_name(file.name or "")
    if PurePosixPath(name).suffix.lower() != ".zip":
        yield Member(name, lambda: iter(file.chunks()))
        return
    require_short_directory(name, cast("BinaryIO", file))
    try:
        archive = stack.enter_context(zipfile.ZipFile(file))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadArchive(f"{name}: no zip that can be read: {error}") from error
    found = [info for info in archive.infolist() if not _is_by_the_way(info)]
    _check(name, found)
    for info in found:
        yield Member(clean_name(info.filename), _reader(archive, info))


def require_short_directory(name: str, file: BinaryIO) -> None:
    """Refuse a zip whose list of files is long, before `zipfile` makes an object of each.

    Raises:
        BadArchive: the list has more than `MOST_DIRECTORY_BYTES`.
    """
    file.seek(0, os.SEEK_END)
    file.seek(max(file.tell() - _END.size - 0xFFFF, 0))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        return  # zipfile says what is wrong with it
    # Where the number is too large for its place, zip64 has it elsewhere: such lists are long.
    size = _END.unpack_from(tail, at)[5]
    if size > MOST_DIRECTORY_BYTES:
        raise BadArchive(f"{name}: too long a list of files; send at most {MOST_FILES} at once")


def _is_by_the_way(info: zipfile.ZipInfo) -> bool:
    """Whether it is a folder, or what macOS puts beside each file."""
    path = PurePosixPath(info.filename)
    return info.is_dir() or path.parts[:1] == ("__MACOSX",) or path.name == ".DS_Store"


def _check(name: str, found: Sequence[zipfile.ZipInfo]) -> None:
    if len(found) > MOST_FILES:
        raise BadArchive(f"{name}: {len(found)} files; send at most {MOST_FILES} at once")
    whole = sum(info.file_size for info in found)
    if whole > settings.MAX_REQUEST_BYTES:
        raise UploadTooLarge(f"{name}: unpacks to more than one request may hold; send several")
    for info in found:
        if info.flag_bits & 0x1:
            raise BadArchive(f"{name}: {clean_name(info.filename)} is locked with a password")
        if info.file_size > MOST_RATIO * max(info.compress_size, 1):
            raise BadArchive(f"{name}: {clean_name(info.filename)} unpacks beyond all measure")


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], Iterator[bytes]]:
    name = clean_name(info.filename)

    def chunks() -> Iterator[bytes]:
        try:
            with archive.open(info) as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        # zlib.error is none of zipfile's; NotImplementedError is a method that it lacks
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise BadArchive(f"{name}: cannot be unpacked: {error}") from error

    return chunks
