"""Things that must stay together, each with what it holds of each kind → parts of wanted shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def deal_out(
    counts: npt.NDArray[np.float64], chosen: Ints, shares: Sequence[float], seed: int
) -> Ints:
    """Put each thing where all kinds come nearest to their shares.

    The largest first, as in scikit-learn's StratifiedGroupKFold; those of one size in the order
    that the seed draws.

    Args:
        counts: how much of each kind each thing holds, (N, kinds).
        chosen: which things are dealt out.
        shares: of the parts, 1 in all; a part of share 0 gets nothing.
        seed: of the draw.

    Returns:
        The part of each thing, (N,); 0 for those that are not dealt out.
    """
    order = np.random.default_rng(seed).permutation(chosen)
    order = order[np.argsort(-counts[order].sum(1), kind="stable")]
    total = np.maximum(counts[chosen].sum(0), 1)
    wanted = np.array(shares)[:, None] * total
    filled, place = np.zeros_like(wanted), np.zeros(len(counts), np.int64)
    open_ = np.flatnonzero(np.array(shares) > 0)
    for k in order:
        after = (filled[open_] + counts[k] - wanted[open_]) / total
        before = (filled[open_] - wanted[open_]) / total
        best = open_[np.argmin((after**2 - before**2).sum(1))]
        filled[best] += counts[k]
        place[k] = best
    return place
