"""A video or picture → a worse copy of it, as it comes back from the internet; for robustness.

Copies are real files that go through the whole pipeline. Real and fake are degraded alike. All
copies but those of a codec are lossless, and the degradation "copied" does nothing else: its
verdicts must be those of the files themselves, or the copying would be what is measured.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from facetell.errors import CorruptMedia, NotMedia
from facetell.evaluation.filters import (
    Change,
    Pixels,
    blurred,
    cropped,
    jpeg,
    mapped,
    mirrored,
    noisy,
    painted,
    printed,
    scaled,
    smoothed,
    unchanged,
)
from facetell.faces import Face, FaceDetector
from facetell.train.augment import recompress_h264
from facetell.video import Frame, Sampling, Video, open_video

STILL_S = 1.0
"""The moment whose frame stands still: the first ones may be black, seconds."""

MOST_S = 5.0
"""Seconds that are copied of a video, so that an hour does not take a day to degrade."""

TIME_BASE = Fraction(1, 1000)
"""Of copies; what Matroska keeps, seconds."""


@dataclass(frozen=True, slots=True)
class Degradation:
    """One way to spoil a file.

    Attributes:
        name: as reports call it.
        change: what is done to each frame.
        crf: constant rate factor of the H.264 that the copy is written in; None for lossless.
        kept: share of frames that stay, drawn at random; the others are gone.
        slowed: how many times longer it lasts.
        still: one frame is shown all the time.
        jitter: the detector's boxes are moved by up to this share of their side, and scaled.
    """

    name: str
    change: Change = unchanged
    crf: int | None = None
    kept: float = 1.0
    slowed: float = 1.0
    still: bool = False
    jitter: float = 0.0

    @property
    def needs_time(self) -> bool:
        """Whether it means nothing for a picture."""
        stands = self.still and self.change is unchanged
        return self.kept < 1 or self.slowed != 1 or stands


_LEVELS = np.arange(256, dtype=np.float64)

DEGRADATIONS: tuple[Degradation, ...] = (
    Degradation("copied"),
    Degradation("H.264 CRF 23", crf=23),
    Degradation("H.264 CRF 30", crf=30),
    Degradation("H.264 CRF 40", crf=40),
    Degradation("JPEG 70", jpeg(70)),
    Degradation("JPEG 40", jpeg(40)),
    Degradation("scaled to 50 %", scaled(0.5)),
    Degradation("scaled to 25 %", scaled(0.25)),
    Degradation("blurred 1 px", blurred(1.0)),
    Degradation("blurred 2 px", blurred(2.0)),
    Degradation("noise of 5 levels", noisy(5)),
    Degradation("noise of 15 levels", noisy(15)),
    Degradation("brighter by 40 levels", mapped(_LEVELS + 40)),
    Degradation("darker by 40 levels", mapped(_LEVELS - 40)),
    Degradation("gamma 0.6", mapped(255 * (_LEVELS / 255) ** 0.6)),
    Degradation("gamma 1.6", mapped(255 * (_LEVELS / 255) ** 1.6)),
    Degradation("crop moved by 5 %", jitter=0.05),
    Degradation("a third of frames dropped", kept=2 / 3),
    Degradation("mirrored", mirrored),
    Degradation("slowed to half", slowed=2.0),
    Degradation("cropped to 75 %", cropped(0.75)),
    Degradation("a still as video", still=True),
    Degradation("printed photo", printed, still=True),
    Degradation("skin smoothed", smoothed),
    Degradation("face painted", painted),
)
"""All that `facetell evaluate --robustness` tries; the first is what others are set against."""

BY_NAME = {degradation.name: degradation for degradation in DEGRADATIONS}


def write_copy(path: Path, folder: Path, degradation: Degradation) -> Path:
    """Write the degraded copy of a file into a folder and return its path.

    Args:
        path: a video or picture; of a video the first `MOST_S` are copied.
        folder: where to.
        degradation: what to do to it.

    Raises:
        InputError: the file cannot be read.
    """
    # The same file is always spoilt in the same way.
    rng = np.random.default_rng(zlib.crc32(f"{degradation.name} {path.name}".encode()))
    with open_video(path) as video:
        if video.info.is_picture and degradation.needs_time:
            raise NotMedia(f"{path}: a picture has no time, so it cannot be {degradation.name}")
        if video.info.is_picture:
            return _write_picture(video, folder / "copy.png", degradation, rng)
        return _write_video(_chosen(video, degradation, rng), folder / "copy.mkv", degradation, rng)


def _chosen(
    video: Video, degradation: Degradation, rng: np.random.Generator
) -> Iterator[tuple[float, Pixels]]:
    """Yield the frames that stay, each with its new time."""
    if degradation.still:
        yield from _frozen(video)
        return
    for frame in _first_seconds(video):
        # The first one always stays, so that no copy is empty.
        if frame.index == 0 or degradation.kept >= 1 or rng.random() < degradation.kept:
            yield frame.time_s * degradation.slowed, frame.rgb


def _frozen(video: Video) -> Iterator[tuple[float, Pixels]]:
    """Yield one frame at all times."""
    times_s: list[float] = []
    shown: Pixels | None = None
    for frame in _first_seconds(video):
        times_s.append(frame.time_s)
        if shown is None or frame.time_s <= STILL_S:
            shown = frame.rgb
    for time_s in times_s:
        assert shown is not None
        yield time_s, shown


def _first_seconds(video: Video) -> Iterator[Frame]:
    for frame in video.frames(Sampling("all")):
        if frame.time_s > MOST_S:
            return
        yield frame


def _write_picture(
    video: Video, target: Path, degradation: Degradation, rng: np.random.Generator
) -> Path:
    frame = next(iter(video.frames(Sampling("all"))))
    rgb = degradation.change(frame.rgb, rng)
    if degradation.crf is not None:
        rgb = recompress_h264([_even(rgb)], degradation.crf)[0]
    cv2.imwrite(str(target), rgb[..., ::-1])
    return target


def _write_video(
    frames: Iterator[tuple[float, Pixels]],
    target: Path,
    degradation: Degradation,
    rng: np.random.Generator,
) -> Path:
    container: av.container.OutputContainer
    stream: av.VideoStream | None = None
    with av.open(str(target), "w") as container:
        for time_s, rgb in frames:
            changed = _even(degradation.change(rgb, rng))
            if stream is None:
                stream = _add_stream(container, changed.shape, degradation.crf)
            picture = av.VideoFrame.from_ndarray(changed, format="rgb24")
            picture.pts = round(time_s / TIME_BASE)
            picture.time_base = TIME_BASE
            container.mux(stream.encode(picture))
        if stream is None:
            raise CorruptMedia(f"{target}: no frame to copy")
        container.mux(stream.encode())
    return target


def _add_stream(
    container: av.container.OutputContainer, shape: Sequence[int], crf: int | None
) -> av.VideoStream:
    lossless = crf is None
    options = {"qp": "0", "preset": "ultrafast"} if lossless else {"crf": str(crf)}
    name = "libx264rgb" if lossless else "libx264"
    stream = container.add_stream(name, rate=1000, options=options | {"threads": "1"})
    assert isinstance(stream, av.VideoStream)
    stream.height, stream.width = shape[:2]
    stream.pix_fmt = "rgb24" if lossless else "yuv420p"
    if not lossless:
        # What swscale converts to when it is not told; untagged, large videos would be read as
        # BT.709 and change their colours.
        stream.codec_context.colorspace = av.video.reformatter.Colorspace.SMPTE170M
        stream.codec_context.color_range = av.video.reformatter.ColorRange.MPEG
    return stream


def _even(rgb: Pixels) -> Pixels:
    """Cut off an odd last row or column, which 4:2:0 cannot have."""
    height, width = rgb.shape[:2]
    return np.ascontiguousarray(rgb[: height - height % 2, : width - width % 2])


class JitteredDetector:
    """A detector whose boxes are a little off, anew in each frame.

    Args:
        detector: whose boxes are moved.
        jitter: by up to this share of their sides, and scaled by up to twice it.
    """

    def __init__(self, detector: FaceDetector, jitter: float) -> None:
        self._detector, self._jitter = detector, jitter
        self._rng = np.random.default_rng(0)
        self.name = detector.name

    def detect(self, rgb: Pixels) -> list[Face]:
        """Find the faces of a frame, uint8 RGB (H, W, 3)."""
        return [self._moved(face) for face in self._detector.detect(rgb)]

    def _moved(self, face: Face) -> Face:
        x0, y0, x1, y1 = face.box_xyxy
        dx, dy = self._rng.uniform(-self._jitter, self._jitter, 2) * (x1 - x0, y1 - y0)
        grow = self._rng.uniform(-self._jitter, self._jitter)
        wider, taller = grow * (x1 - x0), grow * (y1 - y0)
        box = (x0 + dx - wider, y0 + dy - taller, x1 + dx + wider, y1 + dy + taller)
        return Face(box, face.score, face.landmarks_xy)
