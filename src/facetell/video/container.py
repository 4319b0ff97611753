"""Open a video with PyAV: the named file and nothing else, or a clear refusal.

A playlist, a concat script or an SDP file makes FFmpeg open other files or hosts. So only formats
that hold their own pictures are let in, decoders that people use, and the protocol `file`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import av

from facetell.errors import (
    CorruptMedia,
    InputError,
    InputNotFound,
    InputUnreadable,
    MediaTooLarge,
    NotMedia,
)
from facetell.options import Limits
from facetell.wording import Sentence

Packet = TypeVar("Packet")

FORMATS = (
    "mov", "mp4", "3gp", "matroska", "webm", "avi", "asf", "flv", "mpeg", "mpegts", "mpegvideo",
    "m4v", "mxf", "ogg", "gif", "apng", "dv", "yuv4mpegpipe", "nut", "ivf", "obu", "h264", "hevc",
)  # fmt: skip
"""FFmpeg's names of the formats that are tried, each of which holds its own pictures."""

CODECS = (
    "h264", "hevc", "vvc", "libdav1d", "av1", "vp8", "vp9", "libvpx", "libvpx-vp9", "vp6", "vp6f",
    "mpeg1video", "mpeg2video", "mpegvideo", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4",
    "wmv1", "wmv2", "wmv3", "vc1", "h263", "h263p", "flv", "theora", "mjpeg", "jpeg2000", "prores",
    "dnxhd", "cfhd", "dvvideo", "ffv1", "ffvhuff", "huffyuv", "utvideo", "qtrle", "rawvideo",
    "v210", "gif", "apng", "png", "bmp",
)  # fmt: skip
"""FFmpeg's names of the decoders that are ever started, not even sound's among them: it has
hundreds more, for games and cameras of the nineties, where most of its weaknesses are found."""

_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"v=0\r\n", b"v=0\n", b"[playlist]", b"[Reference]")
_MARKUP = (b"<?xml", b"<MPD", b"<smil", b"<asx", b"<!DOCTYPE", b"<html")
_MEDIA_MARKS = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (0, b"RIFF"), (0, b"\x1aE\xdf\xa3"), (0, b"GIF8"),
    (0, b"FLV"), (0, b"\x30\x26\xb2\x75"), (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"),
    (0, b"OggS"), (0, b"YUV4MPEG2 "),
)  # fmt: skip


def check_readable(path: Path) -> bytes:
    """Return the first 64 KiB of a file.

    Raises:
        InputNotFound: no such file.
        InputUnreadable: it may not be read, or is no ordinary file.
        NotMedia: it is a folder, empty, or a playlist.
    """
    try:
        if path.is_dir():
            raise NotMedia(Sentence("{path}: is a folder; give the files in it", path=path))
        if path.exists() and not path.is_file():
            raise InputUnreadable(
                Sentence(
                    "{path}: not an ordinary file; copy the media into a file first", path=path
                )
            )
        with path.open("rb") as file:
            head = file.read(65536)
    except FileNotFoundError:
        raise InputNotFound(
            Sentence("{path}: no such file; check the spelling", path=path)
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputUnreadable(
            Sentence(
                "{path}: cannot be read ({reason}); check its permissions",
                path=path,
                reason=reason,
            )
        ) from None
    if not head:
        raise NotMedia(Sentence("{path}: is empty (0 bytes); copy or download it again", path=path))
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(_PLAYLISTS + _MARKUP):
        raise NotMedia(
            Sentence(
                "{path}: is a text or playlist, not media; facetell follows no references to other "
                "files: give the video file itself",
                path=path,
            )
        )
    return head


@contextmanager
def opened(path: Path, head: bytes, limits: Limits) -> Iterator[av.container.InputContainer]:
    """Open a video file for reading.

    Args:
        path: the file.
        head: its first bytes, to tell a damaged video from something else.
        limits: of which the number of streams is heeded here.

    Raises:
        NotMedia: no format that is known.
        CorruptMedia: a video whose headers cannot be read.
        MediaTooLarge: more streams than `limits` allow.
    """
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": ",".join(FORMATS),
        "codec_whitelist": ",".join(CODECS),
        "max_streams": str(limits.streams),
    }
    # The prefix keeps a file called "concat:a" or "http:b" from being taken for a protocol.
    name = f"file:{path.absolute()}"
    try:
        container = av.open(name, "r", container_options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError, UnicodeError) as error:
        raise _refusal(path, head, limits, error) from None
    with container:
        yield container


def demuxed(demux: Callable[[], Iterator[Packet]]) -> Iterator[Packet]:
    """Yield packets from where a container stands.

    Args:
        demux: PyAV's generator of them.

    Raises:
        FFmpegError, OSError: the rest cannot be read.
    """
    while True:
        try:
            yield from demux()
        except IndexError:
            # PyAV's, at a packet of a stream that begins later than the file, as FLV allows; that
            # packet is taken, and it goes on with the next one.
            continue
        return


def _refusal(path: Path, head: bytes, limits: Limits, error: Exception) -> InputError:
    if isinstance(error, MemoryError):  # this is how FFmpeg counts streams
        return MediaTooLarge(
            Sentence(
                "{path}: it has more than the limit of {most} streams, or needs more memory than "
                "there is; copy only its pictures into a new file, or raise limits.streams",
                path=path,
                most=limits.streams,
            )
        )
    if not any(head[at:].startswith(mark) for at, mark in _MEDIA_MARKS):
        return NotMedia(
            Sentence("{path}: not a video or picture in a format that facetell knows", path=path)
        )
    if head[4:8] in (b"ftyp", b"mdat", b"moov"):
        why = Sentence("its index (moov) is missing or damaged: the recording or copy was cut off")
    else:
        reason = getattr(error, "strerror", None) or error
        why = Sentence("its headers cannot be read ({reason})", reason=reason)
    return CorruptMedia(
        Sentence(
            "{path}: {why}; copy it again, or try a tool that repairs videos", path=path, why=why
        )
    )


def main_stream(path: Path, container: av.container.InputContainer) -> av.VideoStream:
    """Return the stream that a player would show.

    Raises:
        NotMedia: there is none: sound only, or sound with a cover picture.
        CorruptMedia: there is one, but nothing decodes it.
    """
    shown = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not shown:
        raise NotMedia(
            Sentence("{path}: has sound only; give a video or a picture", path=path)
            if container.streams.audio
            else Sentence("{path}: has no pictures; give a video or a picture", path=path)
        )
    decodable = [
        stream
        for stream in shown
        if stream.codec_context is not None and stream.codec_context.codec.name in CODECS
    ]
    if not decodable:
        raise CorruptMedia(
            Sentence(
                "{path}: its video codec is not one that facetell decodes; convert it to H.264",
                path=path,
            )
        )
    default = av.stream.Disposition.default
    # Some cameras and broadcasts carry a thumbnail stream beside the picture.
    return max(
        decodable, key=lambda s: (bool(s.disposition & default), s.width * s.height, -s.index)
    )
