"""The first bytes of a file → the type under which a browser may show it.

What the sender calls a file is never believed: a page that came as "clip.mp4" must not be run. The
signatures are those of the WHATWG MIME Sniffing standard, with Matroska (RFC 9559) and the brands
of ISO base media files (MP4RA) beside them.
"""

from __future__ import annotations

from pathlib import Path

DOWNLOAD_ONLY = "application/octet-stream"
HEAD_BYTES = 64

_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"OggS\x00", "video/ogg"),
)
_PICTURE_BRANDS = {b"avif": "image/avif", b"avis": "image/avif"}
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc"})


def media_type(head: bytes) -> str:
    r"""Return the type of a file by its first bytes; `DOWNLOAD_ONLY` if no browser shows it.

    >>> media_type(b"\x00\x00\x00\x18ftypisom"), media_type(b"<html><script>")
    ('video/mp4', 'application/octet-stream')
    """
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _iso_type(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head else "video/matroska"
    return DOWNLOAD_ONLY


def media_type_of(path: Path) -> str:
    """Return the type of a stored file; see `media_type`."""
    with path.open("rb") as file:
        return media_type(file.read(HEAD_BYTES))


def _iso_type(brand: bytes) -> str:
    # QuickTime files are of the same family, and browsers play them under MP4's name.
    return "image/heic" if brand in _HEIF_BRANDS else _PICTURE_BRANDS.get(brand, "video/mp4")
