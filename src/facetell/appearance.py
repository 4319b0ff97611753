"""What a face and a shot look like in a few numbers, to tell them apart again seconds later.

Not a face recognition: a face is described by the colours of three zones (hair, face, collar) and
by a tiny picture of itself, which is enough to tell the people of one video from each other and
costs a fraction of a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facetell.faces import Box

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

THUMBNAIL_PX = 32
"""Side of the picture from which a face is described."""

CONTEXT = 1.8
"""Side of the region that is looked at, in sides of the face's box."""

_BINS = (4, 6, 6)  # lightness tells less than colour when the light changes
_ZONES = ((0, 8), (8, 22), (22, THUMBNAIL_PX))  # rows: hair, face, collar
_SHOT_SIZE = (16, 9)


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """What one face looks like in one frame.

    Attributes:
        colours: square roots of three colour histograms that each sum to 1, float32, (3, 144).
        picture: the face in grey, mean 0 and length 1, float32, (N,).
    """

    colours: Floats
    picture: Floats


def appearance_of(rgb: Pixels, box_xyxy: Box) -> Appearance:
    """Describe the face in a box of a frame, uint8 (H, W, 3)."""
    small = _region(rgb, box_xyxy)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.uint8)
    middle = slice(THUMBNAIL_PX // 5, -(THUMBNAIL_PX // 5))
    colours = [_histogram(lab[top:bottom, middle]) for top, bottom in _ZONES]
    grey = lab[8:26, 8:24, 0].astype(np.float32).ravel()
    grey -= grey.mean()
    return Appearance(np.stack(colours), grey / max(float(np.linalg.norm(grey)), 1e-6))


def distance(first: Appearance, second: Appearance) -> float:
    """Return how unlike two faces look, 0 (the same) to 1.

    The mean of the Hellinger distance of the colours and half the distance of the pictures.
    """
    overlap = (first.colours * second.colours).sum(1)
    colours = float(np.sqrt(np.maximum(1 - overlap, 0)).mean())
    picture = 1 - max(float(first.picture @ second.picture), 0.0)
    return 0.5 * colours + 0.5 * picture


def shot_of(rgb: Pixels) -> Floats:
    """Return a tiny picture of a whole frame, float32 (9, 16, 3), 0–1."""
    small = cv2.resize(_thinned(rgb, 8 * _SHOT_SIZE[0]), _SHOT_SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def shot_change(before: Floats, after: Floats) -> float:
    """Return the mean absolute difference of two tiny pictures, 0–1."""
    return float(np.abs(before - after).mean())


def _region(rgb: Pixels, box_xyxy: Box) -> Pixels:
    x0, y0, x1, y1 = box_xyxy
    scale = THUMBNAIL_PX / (CONTEXT * max(x1 - x0, y1 - y0, 1.0))
    middle = THUMBNAIL_PX / 2
    centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
    height, width = rgb.shape[:2]
    half = middle / scale
    left, top = max(int(centre_x - half), 0), max(int(centre_y - half), 0)
    right, bottom = min(int(centre_x + half) + 1, width), min(int(centre_y + half) + 1, height)
    if left >= right or top >= bottom:
        return np.zeros((THUMBNAIL_PX, THUMBNAIL_PX, 3), np.uint8)
    # thinned and averaged first: a warp alone would sample single pixels of a large face
    cut = _thinned(rgb[top:bottom, left:right], 4 * THUMBNAIL_PX)
    factor = min(1.0, 2 * THUMBNAIL_PX / max(cut.shape[:2]))
    size = max(1, round(cut.shape[1] * factor)), max(1, round(cut.shape[0] * factor))
    cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    sx, sy = scale * (right - left) / size[0], scale * (bottom - top) / size[1]
    shift = np.array(
        [[sx, 0, middle + scale * (left - centre_x)], [0, sy, middle + scale * (top - centre_y)]]
    )
    side = (THUMBNAIL_PX, THUMBNAIL_PX)
    warped = cv2.warpAffine(
        cut, shift, side, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def _thinned(rgb: Pixels, side_px: int) -> Pixels:
    """Return every n-th pixel of a picture much longer than side_px."""
    # averaging all of its pixels would cost more than it tells
    step = max(max(rgb.shape[:2]) // side_px, 1)
    return rgb[::step, ::step]


def _histogram(lab: Pixels) -> Floats:
    # Skin, hair and most clothes lie near grey: the middle of a and b is where the bins belong.
    ranges = [0.0, 256.0, 98.0, 164.0, 98.0, 164.0]
    clipped = np.clip(lab, (0, 98, 98), (255, 163, 163)).astype(np.uint8)
    counts = cv2.calcHist([clipped], [0, 1, 2], None, list(_BINS), ranges)
    return np.asarray(np.sqrt(counts.ravel() / max(float(counts.sum()), 1.0)), np.float32)
