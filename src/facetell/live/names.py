"""What a user names as a source → how FFmpeg opens it on this system.

camera, camera:1, camera:/dev/video2, camera:NAME    a camera
screen, screen:100,50,1280x720                       the screen, or a region: x, y, size
rtsp://…, rtsps://…, http://…, https://…             a stream at this address
anything else                                        a video file
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from facetell.errors import InputNotFound, InputUnreadable, UsageError

Kind = Literal["camera", "screen", "address", "file"]

SCHEMES = ("rtsp", "rtsps", "http", "https")
_REGION = re.compile(r"(\d{1,5}),(\d{1,5}),(\d{2,5})x(\d{2,5})")


@dataclass(frozen=True, slots=True)
class Source:
    """Something that can be watched.

    Attributes:
        kind: what it is.
        shown: its name for people, without a password.
        url: for FFmpeg.
        format: FFmpeg's name of the device, or None for what it finds out itself.
        options: of that device.
    """

    kind: Kind
    shown: str
    url: str
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def ends(self) -> bool:
        """Whether it has an end; anything else is opened again when it goes silent."""
        return self.kind == "file"


def read_source(
    word: str, platform: str = sys.platform, environment: Mapping[str, str] | None = None
) -> Source:
    """Tell what a user means.

    Raises:
        UsageError: it cannot be understood.
        InputNotFound: there is no such camera.
        InputUnreadable: this system shows its screen to nobody.
    """
    kind, _, rest = word.partition(":")
    if kind == "camera":
        return _camera(rest, platform)
    if kind == "screen":
        return _screen(rest, platform, os.environ if environment is None else environment)
    if "://" in word:
        return _address(word)
    return Source("file", word, str(Path(word)))


def _address(word: str) -> Source:
    shown = f"{word.partition('://')[0]}://…"  # a password may stand where none is looked for
    try:
        parts = urlsplit(word)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError(
            f"{shown}: no address; in a name or password write #, / and ? as %23, %2F and %3F"
        ) from None
    if parts.scheme not in SCHEMES or not host:
        raise UsageError(f"{shown}: give an address that begins with {', '.join(SCHEMES)}")
    place = f"{host}:{port}" if port else host
    return Source("address", f"{parts.scheme}://{place}{parts.path}", word)


def _camera(name: str, platform: str) -> Source:
    shown = f"camera:{name}" if name else "camera"
    if platform == "darwin":
        return Source("camera", shown, f"{name or 'default'}:none", "avfoundation", _PICTURE)
    if platform == "win32":
        return Source("camera", shown, f"video={name or _first_camera('dshow')}", "dshow", _SIZE)
    path = f"/dev/video{name or 0}" if name.isdecimal() or not name else name
    return Source("camera", shown, path, "v4l2", _SIZE)


_SIZE = {"video_size": "1280x720"}
_PICTURE = _SIZE | {"framerate": "30", "pixel_format": "uyvy422"}
"""AVFoundation takes no rate but one that it has; every Mac's camera has this one."""


def _first_camera(device: str) -> str:
    from av.device import enumerate_input_devices

    found = [d for d in enumerate_input_devices(device) if "video" in d.media_types]
    if not found:
        raise InputNotFound("camera: this machine has none; give camera:NAME if it is hidden")
    return next((d for d in found if d.is_default), found[0]).name


def _screen(region: str, platform: str, environment: Mapping[str, str]) -> Source:
    shown = f"screen:{region}" if region else "screen"
    found = _REGION.fullmatch(region)
    if region and not found:
        raise UsageError(f"{shown}: give left, top and size, such as screen:100,50,1280x720")
    left, top, width, height = map(int, found.groups()) if found else (0, 0, 0, 0)
    size = {"video_size": f"{width}x{height}"} if found else {}
    if platform == "win32":
        place = {"offset_x": str(left), "offset_y": str(top)} if found else {}
        return Source("screen", shown, "desktop", "gdigrab", place | size)
    if platform == "darwin":
        if found:
            raise UsageError(f"{shown}: macOS gives the whole screen only; give screen")
        return Source("screen", shown, "Capture screen 0:none", "avfoundation", {})
    if not (display := environment.get("DISPLAY")):
        raise InputUnreadable(
            f"{shown}: there is no X11 display ($DISPLAY is not set); Wayland shows no other "
            "program's windows: start an X11 session, or record the screen into a file"
        )
    return Source("screen", shown, f"{display}+{left},{top}", "x11grab", size | {"framerate": "30"})
