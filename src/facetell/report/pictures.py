"""Face crops and their heat maps → JPEG files in memory."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facetell.verdict import Evidence

_JPEG_QUALITY = 88
_HEAT_OPACITY = 0.65
"""Of the hottest places; it falls with the square of the heat, so that cold ones stay as they are.
The scale in `style` shows the same colours."""


def face_jpeg(evidence: Evidence) -> bytes:
    """The crop as the model saw it."""
    return _encode(evidence.crop)


def heat_jpeg(evidence: Evidence) -> bytes:
    """The crop in grey with its heat map laid over it: dark violet to yellow, the hotter the faker.

    Inferno, since it grows evenly in brightness and so reads without colour vision too; in grey,
    since skin has the colours of its middle.
    """
    height, width = evidence.crop.shape[:2]
    heat = cv2.resize(
        np.nan_to_num(evidence.heatmap).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    ).clip(0.0, 1.0)
    colours_bgr = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    opacity = _HEAT_OPACITY * heat[..., None] ** 2  # (H, W, 1)
    grey = cv2.cvtColor(evidence.crop, cv2.COLOR_RGB2GRAY)[..., None]  # (H, W, 1)
    mixed = grey * (1 - opacity) + colours_bgr[..., ::-1] * opacity
    return _encode(mixed.round().astype(np.uint8))


def _encode(rgb: npt.NDArray[np.uint8]) -> bytes:
    """RGB (H, W, 3) → the bytes of a JPEG file."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), settings)
    if not done:
        raise ValueError(f"a face crop of shape {rgb.shape} cannot be written as JPEG")
    return data.tobytes()
