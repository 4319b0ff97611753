"""What a decoder process says → the facts of a file, its frames, or an error.

It is believed no more than the file itself: sizes are held to the limits before memory is taken for
them, and only errors that a file can have are raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facetell import errors
from facetell.errors import FacetellError
from facetell.options import Limits
from facetell.records import read_record
from facetell.video.bounds import require_size, require_within
from facetell.video.media import MediaInfo, Pixels
from facetell.video.sandbox.channel import Channel, Message
from facetell.video.sandbox.texts import unpacked

_KINDS: dict[str, type[FacetellError]] = {
    kind.__name__: kind
    for kind in (
        errors.InputNotFound,
        errors.InputUnreadable,
        errors.NotMedia,
        errors.CorruptMedia,
        errors.MediaTooLarge,
        errors.MissingDependency,
    )
}


@dataclass(frozen=True, slots=True)
class Opened:
    """The facts of a file, when its frames are shown (see `Source`), and what `confine` took."""

    info: MediaInfo
    times_s: npt.NDArray[np.float64]
    clock_s: npt.NDArray[np.float64]
    confined: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame, uint8 (H, W, 3), and what was found wrong since the last answer."""

    index: int
    rgb: Pixels
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """There are no more frames; `error` says why if that is too soon."""

    warnings: tuple[str, ...] = ()
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class _Opening:
    info: MediaInfo
    frames: int
    confined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Picture:
    index: int
    width: int
    height: int


def read_answer(channel: Channel, path: Path, limits: Limits) -> Opened | Shown | Ended:
    """Read one answer, with all that belongs to it.

    Args:
        channel: comes from the decoder process.
        path: the file that it was asked about.
        limits: the sizes that are believed.

    Raises:
        ValueError: it makes no sense.
        MediaTooLarge: it is larger than the file may be.
        EOFError: the process is gone.
    """
    message = channel.receive()
    match message.pop("is", None):
        case "opened":
            return _read_opened(channel, message, path, limits)
        case "frame":
            return _read_frame(channel, message, path, limits)
        case "end":
            return Ended(_warnings(message))
        case "failed":
            kind = _KINDS.get(str(message.get("kind")), RuntimeError)
            return Ended(_warnings(message), kind(unpacked(message.get("message"))))
        case unknown:
            raise ValueError(f"no such answer: {unknown!r}")


def _warnings(message: Message) -> tuple[str, ...]:
    warnings = message.pop("warnings", [])
    if not isinstance(warnings, list):
        raise ValueError("no warnings")
    return tuple(map(unpacked, warnings))


def _read_opened(channel: Channel, message: Message, path: Path, limits: Limits) -> Opened:
    info = message.pop("info", None)
    if isinstance(info, dict):
        info["path"] = str(path)  # is ours to name
    opening = read_record(_Opening, {**message, "info": info})
    require_within(path, limits, "frames", opening.frames)
    times_s, clock_s = np.empty((2, opening.frames))
    for times in (times_s, clock_s):
        channel.fill(times)
        if not len(times) or not np.isfinite(times).all() or (np.diff(times) < 0).any():
            raise ValueError("times that do not ascend")
    return Opened(opening.info, times_s, clock_s, opening.confined)


def _read_frame(channel: Channel, message: Message, path: Path, limits: Limits) -> Shown:
    warnings = _warnings(message)
    picture = read_record(_Picture, message)
    if picture.width < 1 or picture.height < 1:
        raise ValueError("a frame without pixels")
    require_size(path, limits, picture.width, picture.height)
    rgb = np.empty((picture.height, picture.width, 3), np.uint8)
    channel.fill(rgb)
    return Shown(picture.index, rgb, warnings)
