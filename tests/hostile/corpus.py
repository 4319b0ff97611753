"""The hostile files, each with what must come of it: how many frames, or which refusal."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Sequence

from tests.hostile import files
from tests.hostile.case import Case, Make, known, plain
from tests.hostile.files import HUGE
from tests.hostile.references import REFERENCES
from tests.media import Recipe

HOUR_MS = 3_600_000


def _mp4(change: Callable[[bytes], bytes]) -> Make:
    return plain(lambda path: change(files.video(path)), ".mp4")


def _avi(codec: str, width: int, height: int) -> Make:
    """A video of two frames whose header says that they are so large."""
    recipe = Recipe(codec, 2, size=files.SIZE)
    return plain(lambda path: files.announcing(files.video(path, recipe), width, height), ".avi")


def _jpeg(*segments: bytes) -> Make:
    return plain(lambda path: files.with_segments(files.image(path), *segments), ".jpg")


def _png(*chunks: Callable[[], bytes]) -> Make:
    """A picture of one pixel; its chunks are made when they are needed, for some are large."""
    return plain(lambda _: files.png(1, 1, *(chunk() for chunk in chunks), pixels=bytes(2)), "")


def _stamped(ending: str, stamps_ms: Sequence[int], duration_ms: int = 1) -> Make:
    return lambda folder, port: files.stamped(folder, ending, stamps_ms, duration_ms)


SIZES = (
    Case("raw.y4m", known(files.raw(HUGE, HUGE)), "corrupt", "headers cannot be read"),
    Case("smaller.y4m", known(files.raw(10_000, 10_000)), "too_large", "limits.pixels"),
    Case("announced.avi", _avi("mpeg4", HUGE, HUGE), 2),
    Case("raw.avi", _avi("rawvideo", 10_000, 10_000), "too_large", "10000x10000"),
    Case("negative.avi", _avi("rawvideo", -64, -(2**31)), "corrupt"),
    Case("screen.gif", known(files.gif(2, side=65535)), "corrupt"),
    Case("smaller.gif", known(files.gif(2, side=10_000)), "too_large", "10000x10000"),
    Case("huge.png", known(files.png(HUGE, HUGE)), "too_large", "100000x100000"),
    Case("larger.png", known(files.png(2**32 - 1, 2**32 - 1)), "too_large", "limits.pixels"),
    Case("none.png", known(files.png(0, HUGE)), "corrupt"),
    Case("huge.bmp", known(files.bmp(HUGE, -HUGE)), "too_large", "100000x100000"),
    Case("negative.bmp", known(files.bmp(-HUGE, HUGE)), "corrupt"),
    Case("huge.tiff", known(files.tiff_picture(HUGE, HUGE)), "too_large", "100000x100000"),
    Case("huge.jpg", plain(lambda p: files.sized_jpeg(files.image(p), 65500), ".jpg"), "too_large"),
    Case("huge.webp", known(files.sized_webp()), "too_large", "16777216x16777216"),
    Case("huge.avif", plain(lambda p: files.sized_avif(files.image(p)), ".avif"), "too_large"),
    Case("streams.mp4", _mp4(lambda data: files.many_tracks(data, 10_000)), "too_large", "streams"),
    Case("streams_few.mp4", _mp4(lambda data: files.many_tracks(data, 90)), 6),
    Case("samples.mp4", _mp4(lambda data: files.many_samples(data, 170_000_000)), "corrupt"),
)
"""Headers that ask for more than there is."""

TIMES = (
    Case("endless.gif", known(files.gif(300)), 6),
    Case("frames.gif", known(files.gif(20_000)), "too_large", "limits.frames"),
    Case("slow.gif", known(files.gif(300, delay_s=655)), "too_large", "limits.duration_s"),
    Case("slow.webp", known(files.animation(300, 0xFFFFFF)), "too_large", "limits.duration_s"),
    Case("one_long_frame.mkv", _stamped(".mkv", [0], 10**9), 1),
    Case("far_apart.mkv", _stamped(".mkv", [0, 10**9]), 2),
    Case("negative.nut", _stamped(".nut", range(-(2**40), -(2**40) + 240, 40)), 6),
    Case("huge.nut", _stamped(".nut", range(2**55, 2**55 + 240, 40)), 6),
    Case("wrapped.nut", _stamped(".nut", range(2**61, 2**61 + 240, 40)), "too_large", "rate_hz"),
    Case("fast.nut", _stamped(".nut", range(6)), 6),
    Case("long.mkv", _stamped(".mkv", range(0, 100 * HOUR_MS, HOUR_MS)), "too_large", "duration_s"),
)
"""Clocks."""


def _zip(data: bytes) -> bytes:
    """Return a zip of one page, to be put behind something else."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("index.html", data)
    return file.getvalue()


_EXIF = b"Exif\0\0II*\0\x08\0\0\0"
_LOOP = struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
"""A directory whose sub-directory, and whose next one, is itself."""
_ENTRIES = b"\xff\xff" + struct.pack("<HHII", 274, 3, 1, 6) * 5000
_PROFILE = b"ICC_PROFILE\0\1\xff" + bytes(65000)
_BOMB = files.deflated_zeros(1 << 30)

METADATA = (
    Case("exif.jpg", _jpeg(*[files.jpeg_segment(0xE1, _EXIF + bytes(65000))] * 200), 1),
    Case("exif_loop.jpg", _jpeg(files.jpeg_segment(0xE1, _EXIF + _LOOP)), 1),
    Case("exif_entries.jpg", _jpeg(files.jpeg_segment(0xE1, _EXIF + _ENTRIES)), 1),
    Case("exif_turn.jpg", plain(lambda p: files.turned_jpeg(p, 255), ".jpg"), 1),
    Case("icc.jpg", _jpeg(*[files.jpeg_segment(0xE2, _PROFILE)] * 99), 1),
    Case("comments.jpg", _jpeg(*[files.jpeg_segment(0xFE, b"<script>" * 8000)] * 200), 1),
    Case("text.png", _png(lambda: files.png_chunk(b"zTXt", b"a\0\0" + _BOMB)), 1),
    Case("texts.png", _png(lambda: files.png_chunk(b"tEXt", b"a\0<script>") * 50_000), 1),
    Case("profile.png", _png(lambda: files.png_chunk(b"iCCP", b"a\0\0" + _BOMB)), 1),
    Case("pixels.png", plain(lambda _: files.png(1, 1, pixels=bytes(1 << 26)), ""), 1),
    Case("loop.tiff", known(files.tiff_picture(8, 8, following=8)), 1),
    Case("strips.tiff", known(files.tiff_picture(8, 8, strips=2**31)), 1),
    Case("far.tiff", known(files.tiff_picture(8, 8, strip=2**32 - 1)), "corrupt"),
)
"""What is written beside the picture."""

POLYGLOTS = (
    Case("jpeg_zip.jpg", plain(lambda p: files.image(p) + _zip(b"<script>"), ".jpg"), 1),
    Case(
        "png_html.html",
        plain(lambda p: files.image(p) + b"<html><script>alert(1)</script>", ".png"),
        1,
    ),
    Case("gif_script.js", known(b"GIF89a=1;alert(1)//" + bytes(50)), "corrupt"),
    Case("mp4_zip.mp4", _mp4(lambda data: data + _zip(b"PK")), 6),
    Case(
        "mp4_html.mp4",
        _mp4(lambda data: data + files.box(b"free", b"<html><script>alert(1)</script>")),
        6,
    ),
    Case(
        "mp4_playlist.mp4",
        _mp4(lambda data: data + files.box(b"free", b"\n#EXTM3U\n/etc/passwd\n")),
        6,
    ),
    Case("document.pdf", known(b"%PDF-1.7\n" + bytes(100)), "not_media"),
    Case("program.mp4", known(b"\x7fELF" + bytes(100)), "not_media"),
    Case("pickle.mp4", known(b"cos\nsystem\n(S'true'\ntR."), "not_media"),
    Case("zip.mp4", known(_zip(b"x")), "not_media"),
)
"""Files that are two things at once, or another than they say."""

CASES = (*REFERENCES, *SIZES, *TIMES, *METADATA, *POLYGLOTS)
