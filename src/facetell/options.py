"""Every setting of an analysis, with its default. Importing this loads nothing heavy."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from facetell.errors import UsageError

FRAME_CHOICES = (10, 20, 40, 60, 80, 100)
"""The frame counts that people know from this field; any whole number from 1 works."""

Frames = int | Literal["all"]
FacePoint = tuple[float, float, float]
"""Seconds, and x and y in pixels of the displayed frame."""

Runtime = Literal["onnxruntime", "openvino"]

RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)
"""What can run the model."""

MEDIA_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3g2", "3gp", "asf", "avi", "flv", "gif", "m2ts", "m2v", "m4v", "mkv", "mov", "mp4"),
        *("mpeg", "mpg", "mts", "mxf", "ogv", "vob", "webm", "wmv", "y4m"),
        *("avif", "bmp", "heic", "heif", "jpeg", "jpg", "png", "tif", "tiff", "webp"),
    )
)
"""Taken from folders. `.ts` isn't: most are TypeScript. A file named itself is always tried."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may be and cost; one beyond a limit is refused with `MediaTooLarge`.

    The first six are known before anything is decoded.

    Attributes:
        file_bytes: of the file.
        duration_s: seconds from its first frame to its last, as counted, not as announced.
        pixels: width times height of a frame.
        rate_hz: frames a second on average.
        frames: frames in it, taken or not.
        streams: pictures, sounds, subtitles and data that lie side by side in it.
        decoded_bytes: of all frames that are decoded, those passed over on the way to wanted
            ones too, three for each pixel.
        memory_bytes: address space of the process that decodes it; see `Options.isolate`.
        processor_s: seconds of processor time that this process takes for it.
        wait_s: seconds on the clock until the next frame; opening may take more by a tenth of a
            second for each megabyte.

    Raises:
        UsageError: a limit is not above 0.
    """

    file_bytes: int = 1 << 36
    duration_s: float = 24 * 3600
    pixels: int = 16384 * 16384
    rate_hz: float = 1000
    frames: int = 10_000_000
    streams: int = 100
    decoded_bytes: int = 1 << 43
    memory_bytes: int = 1 << 33
    processor_s: float = 6 * 3600
    wait_s: float = 300

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if not (math.isfinite(value) and value > 0):
                raise UsageError(f"limits.{limit.name} is {value}: give a number above 0")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of an analysis.

    Attributes:
        frames: how many frames to take, spread over the whole video or the part that is
            chosen, or "all".
        model: name of a bundled model, or path of a card (.json); several, joined by commas,
            judge together.
        runtime: what runs the model: one of `RUNTIMES`; faces are found by ONNX Runtime always.
        threads: threads of each inference session; 0 takes all cores.
        min_face_px: a face whose longer side is smaller is found but not scored.
        keep_features: also keep the features of each frame, for research.
        max_evidence: face crops with heat maps kept for each track.
        limits: how large a file may be, and what decoding it may take.
        isolate: decode in a process of its own, which a hostile file cannot leave
            (SECURITY.md); False decodes in this one.
        start_s: analyse a video from here on, seconds; None is its beginning.
        end_s: analyse a video up to here; None, and all beyond its end, is its end.
        face: judge only the face that is at a point of the frame at a time: (time_s, x, y), pixels.
            A burst of frames around that time is taken as well. For a picture the time is idle.

    Raises:
        UsageError: a value is out of its range.
    """

    frames: Frames = 32
    model: str | Path = "default"
    runtime: Runtime = "onnxruntime"
    threads: int = 0
    min_face_px: int = 32
    keep_features: bool = False
    max_evidence: int = 8
    limits: Limits = Limits()
    isolate: bool = True
    start_s: float | None = None
    end_s: float | None = None
    face: FacePoint | None = None

    def __post_init__(self) -> None:
        if self.frames != "all" and (not isinstance(self.frames, int) or self.frames < 1):
            raise UsageError(f"frames is {self.frames!r}: give a whole number from 1, or 'all'")
        if self.runtime not in RUNTIMES:
            raise UsageError(f"runtime is {self.runtime!r}: give {' or '.join(RUNTIMES)}")
        if self.threads < 0:
            raise UsageError(f"threads is {self.threads}: give 0 (all cores) or more")
        if self.min_face_px < 1 or self.max_evidence < 0:
            raise UsageError("min_face_px starts at 1, max_evidence at 0")
        self._check_times()

    def _check_times(self) -> None:
        for name, value in (("start_s", self.start_s), ("end_s", self.end_s)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name} is {value}: give seconds, from 0 on")
        start_s = self.start_s or 0.0
        if self.end_s is not None and self.end_s <= start_s:
            raise UsageError(f"end_s is {self.end_s}: it must come after start_s, {start_s}")
        if self.face is not None:
            self._check_face(self.face, start_s, math.inf if self.end_s is None else self.end_s)

    def _check_face(self, face: FacePoint, start_s: float, end_s: float) -> None:
        if len(face) != 3 or not all(math.isfinite(value) and value >= 0 for value in face):
            raise UsageError(f"face is {face!r}: give its time, x and y, from 0 on")
        if not start_s <= face[0] < end_s:
            raise UsageError(f"face is at {face[0]} s: that is outside of start_s and end_s")
