"""A person-disjoint split: no face of the held-out part has a near relative in training.

Data sets of faces reuse their actors, so a split by file lets a model recognise people. Faces are
linked where their embeddings lie close together; whole groups go to validation, and what still
lies near one of them is left out of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
"""Training faces nearer than this to any held-out face are left out."""
BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Split:
    """Names of each part; `dropped` are too near to validation to train on."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    dropped: tuple[str, ...]


def person_disjoint(
    names: Sequence[str],
    embeddings: Embeddings,
    held_out: int,
    seed: int = 0,
    largest_group: int = 150,
) -> Split:
    """Hold out whole groups of like faces.

    Args:
        names: one a face, unique.
        embeddings: float32, (N, D), rows in the order of `names`.
        held_out: how many faces to hold out, at least.
        seed: of the order in which groups are drawn.
        largest_group: groups with more faces stay in training (chains of many people).

    Returns:
        The split; each part keeps the order of `names`.
    """
    groups = group_faces(embeddings, LINK)
    sizes = np.bincount(groups)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[sizes[order] <= largest_group]
    taken = order[: int(np.searchsorted(np.cumsum(sizes[order]), held_out)) + 1]
    out = np.isin(groups, taken)
    near = ~out & (nearest_distance(embeddings, embeddings[out]) < GAP)
    name = np.asarray(names, dtype=object)
    return Split(tuple(name[~out & ~near]), tuple(name[out]), tuple(name[near]))


def group_faces(embeddings: Embeddings, link: float) -> npt.NDArray[np.int32]:
    """Number the connected groups of faces closer than `link`; returns (N,)."""
    rows, columns = [], []
    for start in range(0, len(embeddings), BLOCK):
        close = _distances(embeddings[start : start + BLOCK], embeddings) < link
        row, column = np.nonzero(close)
        rows.append(row + start)
        columns.append(column)
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = coo_array((np.ones(len(row), bool), (row, column)), shape=(len(embeddings),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


def nearest_distance(embeddings: Embeddings, others: Embeddings) -> npt.NDArray[np.float32]:
    """Return each face's distance to the nearest of `others`, (N,)."""
    blocks = range(0, len(embeddings), BLOCK)
    nearest = [_distances(embeddings[k : k + BLOCK], others).min(1) for k in blocks]
    return np.asarray(np.concatenate(nearest), np.float32)


def _distances(a: Embeddings, b: Embeddings) -> Embeddings:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float32)
