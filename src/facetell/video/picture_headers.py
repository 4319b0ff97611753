"""The first bytes of a file → which picture format it is, and how large, before decoding.

Layouts: ITU-T T.81 (JPEG), W3C PNG, RFC 9649 (WebP), TIFF 6.0, ISO/IEC 23008-12 (HEIF, AVIF).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)


def picture_kind(head: bytes) -> str | None:
    """Return the format of a picture by its first bytes; None for anything else.

    "animated webp" is one of them, because FFmpeg cannot read it; animated PNG, GIF and image
    sequences are videos.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None if b"acTL" in head[: head.find(b"IDAT")] else "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        flags = head[20] if head[12:16] == b"VP8X" and len(head) > 20 else 0
        return "animated webp" if flags & 2 else "webp"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return "bmp"
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "tiff"
    return _iso_kind(head) if head[4:8] == b"ftyp" else None


def _iso_kind(head: bytes) -> str | None:
    """Return the picture format that an ISO file's brands name: its major one, if that tells."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length, 4))]
    if brands[0] not in (b"avif", b"heic", b"heix", b"heim", b"heis", b"mif1"):
        return None
    for brand in brands:
        if brand in (b"avif", b"heic", b"heix", b"heim", b"heis"):
            return "avif" if brand == b"avif" else "heic"
    return None


def picture_size(kind: str, data: bytes) -> tuple[int, int] | None:
    """Return the width and height that a picture's header gives; None if it gives none."""
    reader = _READERS[kind]
    try:
        width, height = reader(data)
    except (struct.error, LookupError, ValueError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker where one must be")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        elif 0xD0 <= marker <= 0xD9 or marker == 1:
            at += 2
        else:
            at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])


def _png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


_PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"iCCP", b"eXIf", b"gAMA", b"cHRM")


def sound_png(data: bytes) -> bytes | None:
    """Return a PNG with nothing but the chunks that its colours need; None if it is damaged.

    OpenCV's reader can spin for minutes over a chunk that is unknown or longer than the file.
    """
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + length]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            return None
        if name in _PNG_CHUNKS:
            kept.append(chunk)
        at += 12 + length
        if name == b"IEND":
            return b"".join(kept)
    return None


def _webp(data: bytes) -> tuple[int, int]:
    if data[12:16] == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif data[12:16] == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return width, height


def _bmp(data: bytes) -> tuple[int, int]:
    core = data[14] == 12
    width, height = struct.unpack_from("<HH" if core else "<ii", data, 18)
    return width, abs(height)  # a negative height means top row first


def _tiff(data: bytes) -> tuple[int, int]:
    tags = tiff_tags(data)
    return tags[256], tags[257]


def tiff_tags(data: bytes) -> dict[int, int]:
    """Return the short and long numbers of the first directory of a TIFF, or EXIF, block."""
    order = "<" if data[:2] == b"II" else ">"
    start = struct.unpack_from(order + "I", data, 4)[0]
    tags: dict[int, int] = {}
    for i in range(struct.unpack_from(order + "H", data, start)[0]):
        at = start + 2 + 12 * i
        tag, kind = struct.unpack_from(order + "HH", data, at)
        if kind in (3, 4):
            tags[tag] = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, at + 8)[0]
    return tags


def _iso(data: bytes) -> tuple[int, int]:
    """Return the largest `ispe`: the whole picture beside its tiles and thumbnails."""
    end = data.find(b"mdat")
    sizes, at = [], data.find(b"ispe", 0, end)
    while at >= 0:
        width, height = struct.unpack_from(">II", data, at + 8)
        sizes.append((width, height))
        at = data.find(b"ispe", at + 4, end)
    return max(sizes, key=lambda size: size[0] * size[1])


_READERS: dict[str, Callable[[bytes], tuple[int, int]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "animated webp": _webp,
    "bmp": _bmp,
    "tiff": _tiff,
    "avif": _iso,
    "heic": _iso,
}
