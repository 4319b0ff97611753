"""How much a face can tell: a face in its picture → a number from 0 to 1."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from facetell.faces import Face

Pixels = npt.NDArray[np.uint8]

SHARPNESS_PX = 96
"""Longest side at which sharpness is measured."""


def face_quality(rgb: Pixels, face: Face) -> float:
    """Rate how much a face can tell, 0 (nothing) to 1.

    Size counts fully; a blurred face, one seen from the side, above or below, and one that
    the detector doubts each lose up to 70–80 %.

    Args:
        rgb: the picture, uint8 (H, W, 3).
        face: a face of it.
    """
    sharp = 0.3 + 0.7 * _ramp(math.log(max(sharpness(rgb, face), 1e-9)), -8.0, -5.5)
    frontal = 0.3 + 0.7 * frontality(face)
    sure = 0.2 + 0.8 * _ramp(face.score, 0.35, 0.7)
    return _ramp(math.log(max(face.size_px, 1.0)), math.log(16), math.log(112)) * (
        sharp * frontal * sure
    )


def sharpness(rgb: Pixels, face: Face) -> float:
    """Return the share of fine detail in a face: power of its Laplacian over its contrast.

    Measured at no more than 96 px, where a sharp recording of any size looks alike.
    """
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = (round(edge) for edge in face.box_xyxy)
    cut = rgb[max(y0, 0) : min(y1, height), max(x0, 0) : min(x1, width)]
    if min(cut.shape[:2]) < 3:
        return 0.0
    small = _shrunk(cut, SHARPNESS_PX)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = float(grey.var())
    return float(cv2.Laplacian(grey, cv2.CV_32F).var()) / (contrast + 1.0) / 20


def frontality(face: Face) -> float:
    """Return 1 for a face seen from the front down to 0 for a profile, by its landmarks."""
    left, right, nose, mouth_left, mouth_right = face.landmarks_xy.astype(np.float64)
    eyes, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
    across, down = float(np.hypot(*(right - left))), float(np.hypot(*(mouth - eyes)))
    if across < 1e-6 or down < 1e-6:
        return 0.0
    aside = abs(float((nose - eyes) @ (right - left))) / across**2
    # The eyes of a profile draw together, its nose leaves their middle; of a face that looks
    # far up or down the eyes come near the mouth.
    turned = _ramp(across / down, 0.3, 0.7) * (1 - _ramp(aside, 0.35, 0.8))
    return turned * _ramp(down / max(face.height_px, 1e-6), 0.12, 0.27)


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 below low, 1 above high, and linearly between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _shrunk(rgb: Pixels, side_px: int) -> Pixels:
    scale = side_px / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
