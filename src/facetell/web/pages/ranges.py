"""A stored file → an HTTP response, whole or the part that was asked for (RFC 9110, section 14).

A player asks for parts to seek. Files are sent in pieces, so that one of two gigabytes needs no
more memory than one of two.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

PIECE_BYTES = 256 * 1024
_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")


class Unsatisfiable(Exception):
    """No byte of the file is in the range, or it is no range."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `first` to `last` of a file, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many bytes these are."""
        return self.last - self.first + 1


def parse_range(header: str, size: int) -> Part | None:
    """Return the part that a Range header asks for; None for the whole file.

    Units other than bytes and lists of several ranges are passed over, as a server may.

    Raises:
        Unsatisfiable: it begins behind the end, or is written wrongly.

    >>> parse_range("bytes=2-", 10), parse_range("bytes=-3", 10), parse_range("", 10)
    (Part(first=2, last=9), Part(first=7, last=9), None)
    """
    if not header.lower().lstrip().startswith("bytes") or "," in header:
        return None
    match = _ONE_RANGE.fullmatch(header.lower().strip())
    first, last = match.groups() if match else ("", "")
    if not (first or last) or max(len(first), len(last)) > 18:
        raise Unsatisfiable
    if not first:
        part = Part(max(0, size - int(last)), size - 1)
        bad = int(last) == 0 or size == 0
    else:
        part = Part(int(first), min(int(last), size - 1) if last else size - 1)
        bad = part.first >= size or bool(last and int(last) < int(first))
    if bad:
        raise Unsatisfiable
    return part


def file_response(
    request: HttpRequest, path: Path, headers: dict[str, str], etag: str
) -> HttpResponseBase:
    """Send a file or the part that was asked for: 200, 206, or 416 if there is no such part.

    Args:
        request: GET or HEAD; its Range and If-Range are heeded.
        path: of the file.
        headers: Content-Type and whatever else is to be sent with it.
        etag: tells whether a part belongs to what the browser already has.
    """
    size = path.stat().st_size
    shared = headers | {"ETag": etag, "Accept-Ranges": "bytes"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    stale = request.headers.get("If-Range", etag) != etag
    try:
        part = None if stale else parse_range(request.headers.get("Range", ""), size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if part:
        shared["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    sent = part or Part(0, size - 1)
    shared["Content-Length"] = str(sent.size)
    status = 206 if part else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=shared)
    # A plain iterator would be read to its end before the first byte is sent by an async server.
    pieces = _pieces_async(path, sent) if isinstance(request, ASGIRequest) else _pieces(path, sent)
    return StreamingHttpResponse(pieces, status=status, headers=shared)


def _pieces(path: Path, part: Part) -> Iterator[bytes]:
    left = part.size
    with path.open("rb") as file:
        file.seek(part.first)
        while left and (piece := file.read(min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece


async def _pieces_async(path: Path, part: Part) -> AsyncIterator[bytes]:
    left = part.size
    file: IO[bytes] = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, part.first)
        while left and (piece := await asyncio.to_thread(file.read, min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece
    finally:
        file.close()
