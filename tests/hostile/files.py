"""Makers of files that mean harm, from nothing but the description of their formats."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av

from tests.media import Recipe, make_picture, make_video, picture, with_exif

SIZE = (64, 64)
HUGE = 100_000


SIX_FRAMES = Recipe(frames=6, size=SIZE)


def video(path: Path, recipe: Recipe = SIX_FRAMES) -> bytes:
    """Make a small video and return its bytes; the file is gone."""
    return _taken(make_video(path, recipe))


def image(path: Path) -> bytes:
    """Make a small picture and return its bytes; the file is gone."""
    return _taken(make_picture(path, picture(5, SIZE)))


def _taken(path: Path) -> bytes:
    data = path.read_bytes()
    path.unlink()
    return data


# ISO base media (ISO/IEC 14496-12) -----------------------------------------------------------


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


def with_box(data: bytes, path: Sequence[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """Change the box at a path such as moov, trak; the sizes of those around it are kept right."""
    at = 0
    while data[at + 4 : at + 8] != path[0]:
        at += struct.unpack_from(">I", data, at)[0]
    size = struct.unpack_from(">I", data, at)[0]
    old = data[at : at + size]
    new = change(old) if len(path) == 1 else box(path[0], with_box(old[8:], path[1:], change))
    return data[:at] + new + data[at + size :]


DREF = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
STBL = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def alias(target: str) -> bytes:
    """Return a dref box whose one entry is a Mac alias of another file."""
    where = target.encode()
    record = bytes(10) + b"\0" + bytes(27) + bytes(12) + b"\0" + bytes(63) + bytes(16)
    record += struct.pack(">HH", 1, 1) + bytes(16)  # one level up, one level down
    record += struct.pack(">HH", 2, len(where) + len(where) % 2) + where + b"\0" * (len(where) % 2)
    entry = box(b"alis", bytes(4) + record + struct.pack(">HH", 0xFFFF, 0))
    return box(b"dref", struct.pack(">II", 0, 1) + entry)


def url(target: str) -> bytes:
    """Return a dref box whose one entry is a URL."""
    return box(b"dref", struct.pack(">II", 0, 1) + box(b"url ", bytes(4) + target.encode() + b"\0"))


def reference_movie(target: str) -> bytes:
    """Return a QuickTime movie that only says where the real one is."""
    where = target.encode() + b"\0"
    reference = box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(where)) + where)
    return box(b"ftyp", b"qt  " + bytes(8)) + box(b"moov", box(b"rmra", box(b"rmda", reference)))


def many_tracks(data: bytes, count: int) -> bytes:
    """Repeat the track of a video."""
    return with_box(data, (b"moov", b"trak"), lambda trak: trak * count)


def many_samples(data: bytes, count: int) -> bytes:
    """Announce so many frames of 100 bytes, in one chunk, in a few bytes."""
    data = with_box(
        data, (*STBL, b"stsz"), lambda _: box(b"stsz", struct.pack(">III", 0, 100, count))
    )
    one = struct.pack(">IIIII", 0, 1, 1, count, 1)
    return with_box(data, (*STBL, b"stsc"), lambda _: box(b"stsc", one))


# Other videos ---------------------------------------------------------------------------------


def raw(width: int, height: int) -> bytes:
    """Return a YUV4MPEG2 video of one frame that is not there."""
    return f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420\nFRAME\n".encode() + bytes(100)


def announcing(avi: bytes, width: int, height: int) -> bytes:
    """Set the picture size in an AVI's stream header."""
    at = avi.index(b"strf") + 8 + 4
    return avi[:at] + struct.pack("<ii", width, height) + avi[at + 8 :]


def gif(frames: int, delay_s: float = 0.04, side: int = 1) -> bytes:
    """Return a GIF of black frames of one pixel that plays for ever."""
    screen = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    endless = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    control = b"\x21\xf9\x04\0" + struct.pack("<H", round(delay_s * 100)) + b"\0\0"
    frame = control + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return screen + endless + frame * frames + b"\x3b"


def animation(frames: int, duration_ms: int) -> bytes:
    """Return an animated WebP of one pixel, each frame shown for so long (24 bits)."""
    lossless = b"\x2f\0\0\0\0\x07\x10\xfd\x8f\xfe\x07\x22\xa2\xff\x01\0"
    still = b"VP8L" + struct.pack("<I", len(lossless)) + lossless
    frame = bytes(12) + duration_ms.to_bytes(3, "little") + b"\0" + still
    chunks = (
        b"VP8X" + struct.pack("<IB", 10, 2) + bytes(9) + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    )
    chunks += (b"ANMF" + struct.pack("<I", len(frame)) + frame) * frames
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def stamped(folder: Path, ending: str, stamps: Sequence[int], duration: int = 1) -> bytes:
    """Return a video whose frames have these timestamps, in units of a millisecond."""
    source, target = (
        make_video(folder / "plain.mkv", Recipe("mpeg4", len(stamps), size=SIZE)),
        folder / f"to{ending}",
    )
    with av.open(str(source)) as given, av.open(str(target), "w") as container:
        copy = container.add_stream_from_template(given.streams.video[0])
        copy.time_base = Fraction(1, 1000)
        for packet, stamp in zip(given.demux(video=0), stamps, strict=False):
            packet.stream = copy
            packet.time_base = Fraction(1, 1000)
            packet.pts = packet.dts = stamp
            packet.duration = duration
            container.mux(packet)
    source.unlink()
    return _taken(target)


# Pictures -------------------------------------------------------------------------------------


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *chunks: bytes, pixels: bytes = bytes(100)) -> bytes:
    """Return a gray PNG of this header, with more chunks before its pixels."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(pixels, 9)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + body


def deflated_zeros(size: int) -> bytes:
    """Return so many MiB of zeros, compressed a thousandfold by repeating one block (RFC 1950)."""
    squeezer = zlib.compressobj(9, wbits=-15)
    block = squeezer.compress(bytes(1 << 20)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    checksum = (size % 65521) << 16 | 1
    return b"\x78\xda" + block * (size >> 20) + b"\x03\0" + struct.pack(">I", checksum)


def bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 100, 0, 0, 54) + head + bytes(100)


def tiff(tags: Sequence[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """Return a TIFF of one directory: (tag, type, count, value), and where the next one is."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", len(tags))
        + entries
        + struct.pack("<I", following)
        + bytes(64)
    )


def tiff_picture(
    width: int, height: int, following: int = 0, strip: int = 122, strips: int = 1
) -> bytes:
    """Return a gray TIFF that says it is so large, and where its strip of pixels is."""
    longs = {256: width, 257: height, 278: height, 279: 64}
    shorts = {258: 8, 259: 1, 262: 1, 277: 1}
    tags = [(tag, 4, 1, value) for tag, value in longs.items()]
    tags += [(tag, 3, 1, value) for tag, value in shorts.items()]
    return tiff(sorted([*tags, (273, 4, strips, strip)]), following)


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Put segments behind the beginning of a JPEG."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def sized_jpeg(jpeg: bytes, side: int) -> bytes:
    """Set the size in a JPEG's frame header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", side, side) + jpeg[at + 4 :]


def turned_jpeg(path: Path, orientation: int) -> bytes:
    """Return a JPEG of this EXIF orientation."""
    return _taken(with_exif(make_picture(path, picture(5, SIZE)), orientation))


def sized_webp() -> bytes:
    """Return the header of the largest WebP there can be."""
    return b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6


def sized_avif(avif: bytes) -> bytes:
    """Set the size in an AVIF's property."""
    at = avif.index(b"ispe") + 8
    return avif[:at] + struct.pack(">II", HUGE, HUGE) + avif[at + 8 :]
