"""Whether two files show the same pictures: to find duplicates, and fakes of the sound alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facetell.clips import crop_face
from facetell.errors import InputError
from facetell.faces import FaceDetector
from facetell.train.face_clips import MODEL_CROP
from facetell.train.store import Pixels
from facetell.video import Frame, Sampling, open_video

SAMPLES = 5
"""Frames that are compared, spread over the video."""
FACES = 3
"""Faces of a frame that are compared, the surest ones."""
GRID = 8
"""Cells along each side of a face whose mean brightness is compared."""
UNALTERED = 5.0
"""Gray levels (of 255) that a cell of a face may change by another encoding.

Over five frames the largest change was at most 3.3 in 16 of 17 real videos encoded again at H.264
CRF 23 (one changed its colour range) and 6.1 at CRF 30; in 41 forged videos beside their originals
it was at least 11.8, lip-sync included.
"""
HASH_SIDE = 8


def same_faces(path: Path, other: Path, detector: FaceDetector) -> bool:
    """Tell whether the faces of a file are those of another, moment by moment.

    Videos of other lengths or shapes differ; so do files without a face or that cannot be read.
    """
    try:
        return largest_change(path, other, detector) <= UNALTERED
    except InputError:
        return False


def largest_change(path: Path, other: Path, detector: FaceDetector) -> float:
    """Return how much the cell of a face that changed most changed, in gray levels.

    Args:
        path: the file whose faces are looked for.
        other: the file that is compared at the same places and times.
        detector: finds the faces.

    Returns:
        0 to 255; inf where lengths or shapes differ or there is no face.

    Raises:
        InputError: a file cannot be read.
    """
    pairs = list(zip(_samples(path), _samples(other), strict=False))
    if any(not _same_moment(a, b) for a, b in pairs):
        return float("inf")
    changes = [
        float(np.abs(_cells(a.rgb, face.box_xyxy) - _cells(b.rgb, face.box_xyxy)).max())
        for a, b in pairs
        for face in detector.detect(a.rgb)[:FACES]
    ]
    return max(changes, default=float("inf"))


def picture_hash(path: Path) -> int:
    """Return a perceptual hash: alike for pictures that differ in encoding and size alone.

    The signs of the lowest 8 by 8 cosine coefficients of a 32 by 32 gray picture against their
    median (as pHash does, Zauner 2010), of the first, a middle and the last sampled frame.

    Raises:
        InputError: the file cannot be read.
    """
    with open_video(path) as video:
        frames = [frame.rgb for frame in video.frames(Sampling(3, 0.1, 1))]
    bits = np.concatenate([_signs(rgb) for rgb in frames])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _signs(rgb: Pixels) -> npt.NDArray[np.bool_]:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(gray, (4 * HASH_SIDE, 4 * HASH_SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:HASH_SIDE, :HASH_SIDE].ravel()
    return np.asarray(low > np.median(low[1:]), np.bool_)


def _samples(path: Path) -> list[Frame]:
    with open_video(path) as video:
        return list(video.frames(Sampling(SAMPLES, 0.1, 1)))


def _same_moment(a: Frame, b: Frame) -> bool:
    return a.rgb.shape == b.rgb.shape and abs(a.time_s - b.time_s) <= 0.02


def _cells(rgb: Pixels, box_xyxy: tuple[float, float, float, float]) -> npt.NDArray[np.float32]:
    """Return the mean brightness of a face's cells, (GRID, GRID)."""
    gray = cv2.cvtColor(crop_face(rgb, box_xyxy, MODEL_CROP), cv2.COLOR_RGB2GRAY)
    cells = cv2.resize(gray.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, np.float32)
