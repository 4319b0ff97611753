"""What the video stage hands on: frames, the facts of a file, and the wish for frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from facetell.errors import UsageError

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as a viewer sees it.

    Attributes:
        index: position in the video in order of display, from 0.
        time_s: seconds from the first frame.
        rgb: uint8, (H, W, 3), upright, square pixels, sRGB.
        burst: number of the burst that this frame belongs to. Frames come in order of time, and
            bursts may interleave; numbers ascend in the order in which bursts begin.
    """

    index: int
    time_s: float
    rgb: Pixels
    burst: int


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """The facts of a file, measured rather than believed where that is possible.

    Attributes:
        path: the file.
        container: FFmpeg's name of the format, or that of the picture format.
        codec: name of the codec.
        width: pixels, as displayed: after rotation and with square pixels.
        height: likewise.
        fps: frames a second on average; None for a single frame.
        duration_s: seconds that are really there; None for a picture.
        is_picture: a still picture.
        rotation_deg: turn, clockwise, that the file asks for and that is already applied.
        hdr: PQ or HLG, mapped to SDR.
    """

    path: Path
    container: str
    codec: str
    width: int
    height: int
    fps: float | None
    duration_s: float | None
    is_picture: bool
    rotation_deg: int
    hdr: bool


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames to take; step and burst are those that the model was trained with.

    Attributes:
        frames: how many, spread over the whole video, or "all".
        step_s: seconds between the frames of one burst.
        burst_frames: frames in a burst, at most.
        start_s: take frames from here on, seconds from the first frame.
        end_s: take frames before this; None is the end.
        moment_s: take also a burst around this, within the bounds above.

    Raises:
        UsageError: a value is out of its range.
    """

    frames: int | Literal["all"] = 32
    step_s: float = 0.1
    burst_frames: int = 5
    start_s: float = 0.0
    end_s: float | None = None
    moment_s: float | None = None

    def __post_init__(self) -> None:
        if self.frames != "all" and (not isinstance(self.frames, int) or self.frames < 1):
            raise UsageError(f"frames is {self.frames!r}: give a whole number from 1, or 'all'")
        if self.step_s <= 0 or self.burst_frames < 1:
            raise UsageError("step_s must be above 0 and burst_frames at least 1")
        if self.start_s < 0 or (self.end_s is not None and self.end_s <= self.start_s):
            raise UsageError("start_s must be 0 or more, and end_s come after it")


class Source(Protocol):
    """Anything that has numbered frames: a video, an animation, a picture."""

    info: MediaInfo

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """Seconds from the first frame, ascending, (n,)."""

    @property
    def clock_s(self) -> npt.NDArray[np.float64]:
        """As `times_s` with long pauses cut short: what frames are spread over, (n,)."""

    def pictures(
        self, wanted: npt.NDArray[np.int64], warnings: list[str]
    ) -> Iterator[tuple[int, Pixels]]:
        """Yield (index, RGB) for the wanted indices, ascending; notes trouble in `warnings`."""
