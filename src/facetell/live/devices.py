"""A source → its pictures, by PyAV; a refusal says what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from facetell.errors import FacetellError, InputNotFound, InputUnreadable, NotMedia
from facetell.live.names import Source
from facetell.options import Limits
from facetell.video.bounds import require_size
from facetell.video.container import CODECS, FORMATS, check_readable, main_stream, opened

PATIENCE_S = 10.0
"""A source that sends nothing for so long has gone silent."""

_PROTOCOLS = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto"
"""What an address may lead to: never a file of this machine."""
_ADDRESS = {
    "protocol_whitelist": _PROTOCOLS,
    "format_whitelist": ",".join((*FORMATS, "mjpeg", "mpjpeg", "hls", "rtsp", "rtp", "sdp")),
    "codec_whitelist": ",".join(CODECS),
    "rtsp_flags": "prefer_tcp",
    "fflags": "nobuffer",
}


@contextmanager
def opened_source(
    source: Source, limits: Limits
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open a source; what is yielded has the stream that is shown.

    Raises:
        InputNotFound: there is no such camera, file or host.
        InputUnreadable: it is refused, busy or does not answer.
        NotMedia: what answers sends no pictures.
        MediaTooLarge: its pictures are beyond the limit.
    """
    if source.kind == "file":
        path = Path(source.url)
        with opened(path, check_readable(path), limits) as container:
            yield container, main_stream(path, container)
        return
    try:
        container = av.open(
            source.url,
            "r",
            format=source.format,
            container_options=_ADDRESS if source.kind == "address" else dict(source.options),
            timeout=PATIENCE_S,
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise refusal(source, error) from None
    with container:
        stream = main_stream(Path(source.shown), container)
        # A decoder with a thread for each frame holds several of them back.
        stream.thread_type = "SLICE"
        require_size(Path(source.shown), limits, stream.width, stream.height)
        yield container, stream


def refusal(source: Source, error: Exception) -> FacetellError:
    """Say in plain words why a source cannot be had."""
    number = getattr(error, "errno", None)
    if source.kind == "camera":
        return _camera_refusal(source, number, error)
    why = getattr(error, "strerror", None) or str(error)
    if source.kind == "screen":
        return InputUnreadable(
            f"{source.shown}: the screen is not given ({why}); allow this program to record it, "
            "and name a region that lies on it"
        )
    if isinstance(error, av.error.HTTPUnauthorizedError) or number in (errno.EACCES, errno.EPERM):
        return InputUnreadable(
            f"{source.shown}: asks for a name and a password; give them in the address, as "
            "rtsp://name:password@host/path"
        )
    if isinstance(error, av.error.InvalidDataError | ValueError):
        return NotMedia(f"{source.shown}: what answers there sends no video ({why})")
    if isinstance(error, av.error.HTTPNotFoundError):
        return InputNotFound(f"{source.shown}: nothing is at this path; check the address")
    if isinstance(error, av.error.ExitError | TimeoutError):
        why = f"no answer for {PATIENCE_S:.0f} s"
    return InputUnreadable(
        f"{source.shown}: cannot be reached ({why}); check the address, the network and whether it "
        "is switched on"
    )


def _camera_refusal(source: Source, number: int | None, error: Exception) -> FacetellError:
    if number in (errno.EACCES, errno.EPERM):
        return InputUnreadable(
            f"{source.shown}: access is refused; allow this program the camera in the system's "
            f"privacy settings, or on Linux join the group video: sudo usermod -aG video $USER"
        )
    if number == errno.EBUSY:
        return InputUnreadable(f"{source.shown}: is in use; close the program that films with it")
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return InputNotFound(
            f"{source.shown}: there is no such camera ({source.url}); plug it in, or name another, "
            "such as camera:1"
        )
    why = getattr(error, "strerror", None) or str(error)
    return InputUnreadable(f"{source.shown}: the camera gives no picture ({why})")
