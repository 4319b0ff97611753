"""Face crops → embeddings that tell people apart, for making a split only.

The network is dlib's ResNet (King 2017, 128-d, 99.4 % on LFW) with the weights of the PyPI package
`face-recognition-models`; neither is needed to train or to analyse.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facetell.errors import MissingDependency, ModelNotFound
from facetell.train.faces_alike import Embeddings, group_faces
from facetell.train.store import ClipRecord, Pixels, Store

LANDMARKS = "shape_predictor_5_face_landmarks.dat"
RESNET = "dlib_face_recognition_resnet_model_v1.dat"
EMBEDDED_MARGIN = 1.05
"""Margin of DFDC's squares, on which the embedder's box and `faces_alike.LINK` were chosen."""
CACHE = "embeddings.npz"
"""Beside the index: one vector a clip, so that the next split need not compute them again."""
SAVE_EVERY = 500
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


def find_recognition_models() -> Path:
    """Return the folder of the installed package `face-recognition-models`.

    Raises:
        MissingDependency: it is not installed.
    """
    # found, not imported: its own module needs an old setuptools
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependency(
            "a split by person needs dlib's weights: pip install face-recognition-models, or give "
            "their folder with --recognition; --by group and --by source do without"
        )
    return Path(spec.submodule_search_locations[0]) / "models"


def embed_store(
    store: Store,
    make_embedder: Callable[[], FaceEmbedder],
    progress: Callable[[int, int], None] | None = None,
) -> Embeddings:
    """Embed the middle frame of each clip, and keep the vectors beside the index.

    Args:
        store: the clips.
        make_embedder: called only if a clip has no vector yet.
        progress: called as progress(done, total).

    Returns:
        float32, (N, 128), in the order of `store.records`.
    """
    path = store.root / CACHE
    known = _read_cache(path)
    missing = [record for record in store.records if record.clip not in known]
    embedder = make_embedder() if missing else None
    for done, record in enumerate(missing, 1):
        assert embedder is not None
        middle = store.frames(record, [record.frames // 2])[0]
        known[record.clip] = embedder.embed(_tight(middle, record))
        if done % SAVE_EVERY == 0 or done == len(missing):
            _write_cache(path, known)
        if progress:
            progress(done, len(missing))
    return np.stack([known[record.clip] for record in store.records])


def name_people(store: Store, embeddings: Embeddings) -> dict[str, str]:
    """Name the person of each clip, by its name: p0, p1, … in order of the index."""
    people = group_faces(embeddings)
    _, first, numbers = np.unique(people, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))[numbers]
    return {r.clip: f"p{k}" for r, k in zip(store.records, rank.tolist(), strict=True)}


def _tight(crop: Pixels, record: ClipRecord) -> Pixels:
    """Cut the square that DFDC's crops show out of a wider one."""
    side = min(round(len(crop) * EMBEDDED_MARGIN / record.margin), len(crop))
    start = (len(crop) - side) // 2
    return np.ascontiguousarray(crop[start : start + side, start : start + side])


def _read_cache(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as kept:
        return dict(zip(kept["clips"].tolist(), kept["vectors"], strict=True))


def _write_cache(path: Path, known: dict[str, npt.NDArray[np.float32]]) -> None:
    part = path.with_suffix(".part.npz")
    np.savez(part, clips=np.array(list(known)), vectors=np.stack(list(known.values())))
    part.replace(path)


def _dlib() -> Any:
    try:
        import _dlib_pybind11 as dlib
    except ImportError as error:
        raise MissingDependency(
            "a split by person needs dlib: pip install dlib-bin; --by group or source does without"
        ) from error
    return dlib
