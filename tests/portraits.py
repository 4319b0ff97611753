"""Faces for tests: pictures of one at several sizes, and boxes without a picture."""

from __future__ import annotations

import av
import cv2
import numpy as np
import numpy.typing as npt

from facetell.faces import DETECTORS_DIR, Face

Pixels = npt.NDArray[np.uint8]

SAMPLE = DETECTORS_DIR.parent / "samples" / "astronaut_real.mp4"


def first_frame() -> Pixels:
    with av.open(str(SAMPLE)) as container:
        return np.asarray(next(container.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)


def resized(rgb: Pixels, factor: float) -> Pixels:
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=kind), np.uint8)


def moved(face: Face, factor: float = 1, x: float = 0, y: float = 0) -> Face:
    box = tuple(
        edge * factor + shift for edge, shift in zip(face.box_xyxy, (x, y) * 2, strict=True)
    )
    points = face.landmarks_xy * np.float32(factor) + np.array([x, y], np.float32)
    return Face((box[0], box[1], box[2], box[3]), face.score, points)


def face_of(size_px: float, score: float = 0.9) -> Face:
    """A frontal face of that size at the corner of a picture."""
    points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    return Face((0, 0, size_px, size_px), score, (points * size_px).astype(np.float32))
