"""Face embeddings → who is one person, and who is too like another to tell apart.

Data sets of faces reuse their actors, so that a split by file lets a model recognise people.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Embeddings = npt.NDArray[np.float32]

LINK = 0.35
"""Distance of dlib's 128-d embeddings under which two crops are taken for one person.

Chosen on DFDC: at 0.40 chains join thousands of crops to one group, at 0.30 people fall apart.
"""
GAP = 0.45
"""Faces nearer than this to a held-out one are not trained on."""
BLOCK = 1024


def group_faces(embeddings: Embeddings, link: float = LINK) -> npt.NDArray[np.int32]:
    """Number the connected groups of faces closer than `link`; returns (N,)."""
    pairs = pairs_within(embeddings, link)
    graph = coo_array(
        (np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(embeddings),) * 2
    )
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


def pairs_within(embeddings: Embeddings, distance: float) -> npt.NDArray[np.int64]:
    """Return the pairs of different rows that are closer than a distance, (M, 2)."""
    found = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(embeddings), BLOCK):
        close = _distances(embeddings[start : start + BLOCK], embeddings) < distance
        row, column = np.nonzero(close)
        pairs = np.stack([row + start, column], 1)
        found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return np.concatenate(found)


def nearest(
    embeddings: Embeddings, others: Embeddings
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return each face's distance to the nearest of `others`, and which that is; (N,) both."""
    distances, places = [], []
    for start in range(0, len(embeddings), BLOCK):
        block = _distances(embeddings[start : start + BLOCK], others)
        distances.append(block.min(1))
        places.append(block.argmin(1))
    return np.concatenate(distances), np.concatenate(places).astype(np.int64)


def _distances(a: Embeddings, b: Embeddings) -> Embeddings:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float32)
