"""Face crops → embeddings that tell people apart, for making a split only.

The network is dlib's ResNet (King 2017, 128-d, 99.4 % on LFW) with the weights of the PyPI package
`face-recognition-models`; neither is needed to train or to analyse.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facetell.errors import MissingDependency, ModelNotFound

LANDMARKS = "shape_predictor_5_face_landmarks.dat"
RESNET = "dlib_face_recognition_resnet_model_v1.dat"
INSET = 0.035
"""dlib's detector boxes are a little tighter than DFDC's squares: this share off each side."""


class FaceEmbedder:
    """Embeds tight, upright face crops.

    Args:
        models: folder with the two .dat files of `face-recognition-models`.

    Raises:
        MissingDependency: dlib is not installed.
        ModelNotFound: a file is missing.
    """

    def __init__(self, models: Path) -> None:
        dlib = _dlib()
        for name in (LANDMARKS, RESNET):
            if not (models / name).is_file():
                raise ModelNotFound(f"{models / name}: missing; it is in face-recognition-models")
        self._rectangle = dlib.rectangle
        self._landmarks = dlib.shape_predictor(str(models / LANDMARKS))
        self._network = dlib.face_recognition_model_v1(str(models / RESNET))

    def embed(self, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the embedding (128,) of a crop (S, S, 3)."""
        side = rgb.shape[0]
        inset = round(INSET * side)
        box = self._rectangle(inset, inset, side - inset, side - inset)
        shape = self._landmarks(rgb, box)
        return np.asarray(self._network.compute_face_descriptor(rgb, shape), np.float32)


def _dlib() -> Any:
    try:
        import _dlib_pybind11 as dlib
    except ImportError as error:
        raise MissingDependency(
            "a person-disjoint split needs dlib: pip install dlib-bin"
        ) from error
    return dlib
