"""The model's per-frame features and scores → a NumPy .npz file, for research."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facetell.features import FrameFeatures

COLUMNS = (
    "track",
    "frame_index",
    "time_s",
    "box_xyxy",
    "quality",
    "frame_logit",
    "clip_logit",
    "features",
)
"""The arrays in the file, one row a scored face; see `FrameFeatures` for shapes and units."""


def write_features(path: Path, features: FrameFeatures) -> None:
    """Write all arrays; `numpy.load(path)` needs no pickle to read them.

    Opened here, since `numpy.savez` adds .npz to a name that lacks it.
    """
    arrays = {name: getattr(features, name) for name in COLUMNS}
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
