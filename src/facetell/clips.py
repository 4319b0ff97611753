"""The preprocessing, used by inference and by training alike: face boxes → crops → clips.

A crop is a square around a face, cut out by one fixed geometry (`CropGeometry` in the model's
card) and area-resampled to the model's input side. A clip holds the crops of one face during one
burst of frames, a fixed time step apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from facetell.tracks import Observation
from facetell.weights import CropGeometry

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Clip:
    """The crops of one face during one burst.

    Attributes:
        track_id: the face's track.
        burst: number of the burst of frames.
        pixels: RGB crops, uint8, (T, 3, H, W).
        times_s: seconds from the start of the video, float64, (T,).
        frame_indices: positions of the frames in decode order, int64, (T,).
        boxes_xyxy: the detector's boxes in pixels of the frame, float32, (T, 4).
        quality: 0 (useless) to 1 (good), float32, (T,).
    """

    track_id: int
    burst: int
    pixels: Pixels
    times_s: npt.NDArray[np.float64]
    frame_indices: npt.NDArray[np.int64]
    boxes_xyxy: npt.NDArray[np.float32]
    quality: npt.NDArray[np.float32]


def crop_square(
    box_xyxy: tuple[float, float, float, float], geometry: CropGeometry
) -> tuple[float, float, float]:
    """Return the square that a geometry cuts around a box: centre x, centre y, side, in pixels.

    The side is `scale` times the geometric mean of the box's sides, so that a box that is a
    little too tall or too wide changes it little.
    """
    x0, y0, x1, y1 = box_xyxy
    width, height = max(x1 - x0, 1.0), max(y1 - y0, 1.0)
    side = geometry.scale * float(np.sqrt(width * height))
    return (x0 + x1) / 2, (y0 + y1) / 2 + geometry.shift_y * height, side


def crop_face(
    rgb: Pixels, box_xyxy: tuple[float, float, float, float], geometry: CropGeometry
) -> Pixels:
    """Cut one face out of a frame.

    Args:
        rgb: frame, uint8, (H, W, 3).
        box_xyxy: the detector's box, pixels.
        geometry: which square around the box, and its side in the crop.

    Returns:
        uint8, (side_px, side_px, 3). Beyond the frame's edges its border is reflected.
    """
    centre_x, centre_y, side = crop_square(box_xyxy, geometry)
    return resample_square(rgb, centre_x, centre_y, side, geometry.side_px)


def resample_square(
    rgb: Pixels, centre_x: float, centre_y: float, side: float, side_px: int
) -> Pixels:
    """Resample the square of `side` pixels around a centre to (side_px, side_px, 3).

    Shrinking averages over areas, enlarging is linear: as the training crops were made.
    """
    left, top = round(centre_x - side / 2), round(centre_y - side / 2)
    size = max(round(side), 1)
    height, width = rgb.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + size, width), min(top + size, height)
    if x0 >= x1 or y0 >= y1:  # a box wholly outside: nothing of it can be seen
        return np.zeros((side_px, side_px, 3), np.uint8)
    cut = rgb[y0:y1, x0:x1]
    borders = (y0 - top, top + size - y1, x0 - left, left + size - x1)
    if any(borders):
        cut = _reflect(cut, *borders)
    interpolation = cv2.INTER_AREA if size > side_px else cv2.INTER_LINEAR
    resized = cv2.resize(cut, (side_px, side_px), interpolation=interpolation)
    return np.asarray(resized, np.uint8)


def _reflect(cut: Pixels, top: int, bottom: int, left: int, right: int) -> Pixels:
    # cv2 reflects at most once, so a border wider than the picture repeats its edge instead
    fits = max(top, bottom) < cut.shape[0] and max(left, right) < cut.shape[1]
    kind = cv2.BORDER_REFLECT_101 if fits else cv2.BORDER_REPLICATE
    return np.asarray(cv2.copyMakeBorder(cut, top, bottom, left, right, kind), np.uint8)


@dataclass(slots=True)
class _OpenClip:
    crops: list[Pixels] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)

    def close(self) -> Clip:
        seen = self.observations
        return Clip(
            track_id=seen[0].track_id,
            burst=seen[0].burst,
            pixels=np.ascontiguousarray(np.stack(self.crops).transpose(0, 3, 1, 2)),
            times_s=np.array([o.time_s for o in seen], np.float64),
            frame_indices=np.array([o.frame_index for o in seen], np.int64),
            boxes_xyxy=np.array([o.face.box_xyxy for o in seen], np.float32),
            quality=np.array([o.quality for o in seen], np.float32),
        )


class ClipBuilder:
    """Collects the crops of each (track, burst) and gives them back as clips.

    Bursts that interleave (every frame of the video wanted) are open at the same time; a clip is
    complete once no frame came to it for longer than `patience_s`, or at `finish`.

    Args:
        geometry: the crop geometry of the model.
        patience_s: longest time between two frames of one burst, seconds.
    """

    def __init__(self, geometry: CropGeometry, patience_s: float = 1.0) -> None:
        self._geometry = geometry
        self._patience_s = patience_s
        self._open: dict[tuple[int, int], _OpenClip] = {}

    def add(self, rgb: Pixels, time_s: float, observations: Sequence[Observation]) -> list[Clip]:
        """Take one frame's faces; return the clips that are now complete, oldest first.

        Args:
            rgb: the frame, uint8, (H, W, 3).
            time_s: its time, seconds.
            observations: the faces in it that are to be scored.
        """
        complete = self._close_older_than(time_s - self._patience_s)
        for seen in observations:
            clip = self._open.setdefault((seen.track_id, seen.burst), _OpenClip())
            clip.crops.append(crop_face(rgb, seen.face.box_xyxy, self._geometry))
            clip.observations.append(seen)
        return complete

    def finish(self) -> list[Clip]:
        """Return all clips that are still open."""
        return self._close_older_than(float("inf"))

    def _close_older_than(self, time_s: float) -> list[Clip]:
        done = [key for key, c in self._open.items() if c.observations[-1].time_s < time_s]
        return [self._open.pop(key).close() for key in done]
