"""The frames of an analysis → a few small pictures of them, evenly over time, in bounded memory.

Pages show them beside the video, and in its place where a browser cannot play it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facetell.tracks import Observation
from facetell.video import Frame

MOST = 60
LONGEST_SIDE_PX = 640
_JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame that was looked at, scaled down, as the bytes of a JPEG file."""

    time_s: float
    jpeg: bytes


class ShotKeeper:
    """Keeps every frame up to `MOST`; beyond that every second one, every fourth, and so on."""

    def __init__(self) -> None:
        self._seen = 0
        self._stride = 1
        self._kept: list[Shot] = []

    @property
    def shots(self) -> tuple[Shot, ...]:
        """What was kept, by time."""
        return tuple(self._kept)

    def __call__(self, frame: Frame, _: Sequence[Observation]) -> None:
        """Take a frame, as `Analyzer.analyze` hands it on."""
        if self._seen % self._stride == 0:
            self._kept.append(Shot(frame.time_s, _small_jpeg(frame)))
        self._seen += 1
        if len(self._kept) > MOST:
            self._kept = self._kept[::2]
            self._stride *= 2


def _small_jpeg(frame: Frame) -> bytes:
    height, width = frame.rgb.shape[:2]
    scale = min(1.0, LONGEST_SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA)
    settings = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(small[..., ::-1]), settings)
    if not done:
        raise ValueError(f"a frame of shape {frame.rgb.shape} cannot be written as JPEG")
    return data.tobytes()
