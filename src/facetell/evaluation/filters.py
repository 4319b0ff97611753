"""One frame → the same frame spoilt: RGB in, RGB out.

What the internet does to pictures, and what somebody may do who wants a detector to fail: a face
printed and filmed anew, skin smoothed, a face painted on as filters of telephone apps do. The last
three are simulated, by plain drawing; real prints and apps differ.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from facetell.faces import Face, FaceDetector, load_detector
from facetell.train.augment import recompress_jpeg

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Change = Callable[[Pixels, np.random.Generator], Pixels]

INK = np.array([38, 36, 34], np.float32)
PAPER = np.array([236, 230, 216], np.float32)
"""Black and white of a print in warm light, RGB."""

TABLE = (96, 96, 96)
"""What lies around a print, RGB."""

CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
LEANING = np.array([[0.06, 0.04], [0.97, 0.0], [0.94, 1.0], [0.02, 0.93]], np.float32)
"""Where a frame's corners are on a print that is held at an angle, in sides of the frame."""

TREMOR = 0.002
"""How far a hand moves each corner from frame to frame: standard deviation, sides of the frame."""

SCREEN_PX, SCREEN_DEPTH = 1.05, 0.08
"""Pitch and depth of the print's dots: so close to the camera's own pixels that stripes appear."""

PAINT = 0.7
"""How much of a painted face is paint."""


def unchanged(rgb: Pixels, _: np.random.Generator) -> Pixels:
    """Leave a frame as it is."""
    return rgb


def jpeg(quality: int) -> Change:
    """Pass each frame through JPEG."""
    return lambda rgb, _: recompress_jpeg(rgb, quality)


def scaled(share: float) -> Change:
    """Make each frame smaller, and leave it so."""

    def change(rgb: Pixels, _: np.random.Generator) -> Pixels:
        height, width = (max(round(side * share), 16) for side in rgb.shape[:2])
        smaller = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(smaller, np.uint8)

    return change


def cropped(share: float) -> Change:
    """Keep the middle of each frame, so much of each side."""

    def change(rgb: Pixels, _: np.random.Generator) -> Pixels:
        top, left = (round(side * (1 - share) / 2) for side in rgb.shape[:2])
        return np.ascontiguousarray(rgb[top : rgb.shape[0] - top, left : rgb.shape[1] - left])

    return change


def blurred(sigma_px: float) -> Change:
    """Blur by a Gaussian."""
    return lambda rgb, _: np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma_px), np.uint8)


def noisy(levels: float) -> Change:
    """Add Gaussian noise, new in each frame."""

    def change(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        grain = rng.standard_normal(rgb.shape, np.float32) * levels
        return np.clip(rgb + grain, 0, 255).astype(np.uint8)

    return change


def mapped(levels: npt.NDArray[np.float64]) -> Change:
    """Map each level 0–255 to another, (256,)."""
    table = np.clip(np.round(levels), 0, 255).astype(np.uint8)
    return lambda rgb, _: np.asarray(cv2.LUT(rgb, table), np.uint8)


def mirrored(rgb: Pixels, _: np.random.Generator) -> Pixels:
    """Swap left and right."""
    return np.ascontiguousarray(rgb[:, ::-1])


def printed(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """Film a print of the frame: tones of paper, at an angle in a hand, dots that make moire."""
    u, v = _places_on_print(rgb.shape[:2], rng)  # (H, W) each
    seen = cv2.remap(rgb, u, v, cv2.INTER_LINEAR, borderValue=TABLE).astype(np.float32)
    angle = np.float32(2 * np.pi / SCREEN_PX)
    dots = 1 + np.float32(SCREEN_DEPTH) * np.cos(angle * u) * np.cos(angle * v)
    paper = (INK + seen * ((PAPER - INK) / 255)) * dots[..., None]  # (H, W, 3)
    soft = cv2.GaussianBlur(np.clip(paper, 0, 255).astype(np.uint8), (0, 0), 0.6)
    return np.asarray(soft, np.uint8)


def _places_on_print(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return which place of the print each pixel of the camera sees, x and y in its pixels."""
    height, width = shape
    sides = np.array([width, height], np.float32)
    seen = (LEANING + TREMOR * rng.standard_normal((4, 2), np.float32)) * sides
    turned = cv2.getPerspectiveTransform(seen, CORNERS * sides).astype(np.float32)
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    u, v, scale = (row[0] * x + row[1] * y + row[2] for row in turned)
    return u / scale, v / scale


def smoothed(rgb: Pixels, _: np.random.Generator) -> Pixels:
    """Smooth skin as beauty filters do: surfaces lose their texture, edges stay."""
    return np.asarray(cv2.bilateralFilter(rgb, 7, 40, 4), np.uint8)


def painted(rgb: Pixels, _: np.random.Generator) -> Pixels:
    """Paint cheeks, lips, nose, brow and whiskers onto each face, half transparent."""
    paint = rgb.copy()
    for face in _detector().detect(rgb):
        _paint(paint, face)
    return np.asarray(cv2.addWeighted(paint, PAINT, rgb, 1 - PAINT, 0), np.uint8)


@lru_cache(maxsize=1)
def _detector() -> FaceDetector:
    return load_detector(1)


def _paint(canvas: Pixels, face: Face) -> None:
    left, right, nose, *mouth = face.landmarks_xy  # (2,) each
    span = max(float(np.linalg.norm(right - left)), 4.0)  # between the eyes, pixels
    middle = (mouth[0] + mouth[1]) / 2
    lips = (round(float(np.linalg.norm(mouth[1] - mouth[0])) * 0.6), round(span * 0.18))
    for eye, corner, away in ((left, mouth[0], -0.15), (right, mouth[1], 0.15)):
        cheek = eye * 0.4 + corner * 0.6 + (away * span, 0)
        cv2.circle(canvas, _place(cheek), round(span * 0.25), (235, 60, 140), -1, cv2.LINE_AA)
        _draw_whiskers(canvas, cheek, np.sign(away) * span)
    cv2.ellipse(canvas, _place(middle), lips, 0, 0, 360, (190, 0, 40), -1, cv2.LINE_AA)
    cv2.circle(canvas, _place(nose), round(span * 0.18), (20, 20, 20), -1, cv2.LINE_AA)
    brow = (left + right) / 2 - (0, 0.5 * span)
    cv2.circle(canvas, _place(brow), round(span * 0.15), (60, 200, 235), -1, cv2.LINE_AA)


def _draw_whiskers(canvas: Pixels, cheek: Floats, length: float) -> None:
    thick = max(round(abs(length) * 0.05), 1)
    for slope in (-0.2, 0.0, 0.2):
        end = cheek + (length * 0.7, abs(length) * slope)
        cv2.line(canvas, _place(cheek), _place(end), (20, 20, 20), thick, cv2.LINE_AA)


def _place(xy: Floats) -> tuple[int, int]:
    return round(float(xy[0])), round(float(xy[1]))
