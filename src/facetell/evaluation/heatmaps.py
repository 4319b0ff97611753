"""Does a model look where something was changed? Heat maps against the masks of self-blended clips.

The pointing game (Zhang and others 2016, "Top-down Neural Attention by Excitation Backprop",
arXiv:1608.00507): how often the hottest place lies inside the mask. A random map and a map that is
always hottest in the middle are set beside it, since a face is in the middle of its crop, and so
is most of a mask: a model that knows nothing of the forgery does as well as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facetell.evaluation.blends import Blend, masks_seen_by, seen_by
from facetell.scorer import Ensemble
from facetell.train.metrics import Array, bootstrap
from facetell.weights import ModelCard

Heat = npt.NDArray[np.float32]

INSIDE = 0.5
"""Share of a mask's own highest weight from which on a place counts as inside."""


@dataclass(frozen=True, slots=True)
class Looks:
    """How well a kind of map finds the masks.

    Attributes:
        name: model, what it gains by the forgery, random or centre.
        frames: that were looked at.
        pointing, pointing_low, pointing_high: share of frames whose hottest place lies inside the
            mask, with its 95 % interval over originals.
        mass, mass_low, mass_high: share of the map's heat that lies inside.
        area: share of the crop that the masks cover: what an even map has.
    """

    name: str
    frames: int
    pointing: float
    pointing_low: float
    pointing_high: float
    mass: float
    mass_low: float
    mass_high: float
    area: float


def check_heatmaps(blends: Iterable[Blend], card: ModelCard) -> list[Looks]:
    """Compare the heat maps of a model with those that know nothing.

    Args:
        blends: see `make_blends`; at least one.
        card: of the model or ensemble.
    """
    ensemble, rng = Ensemble(card, threads=1), np.random.default_rng(0)
    found: dict[str, list[tuple[float, float]]] = {}
    areas, groups = [], []
    for blend in blends:
        views = seen_by(blend.real, blend, card), seen_by(blend.fake, blend, card)
        real, fake = (score.heatmaps for score in ensemble.score(views))
        for before, after, mask in zip(real, fake, masks_seen_by(blend, card), strict=True):
            inside = mask >= INSIDE * mask.max()
            maps = {
                "model": after,
                "model, forged less real": np.maximum(after - before, 0),
                "random": rng.random(after.shape, np.float32),
                "centre": centre_map(after.shape),
            }
            for name, heat in maps.items():
                found.setdefault(name, []).append(looks(heat, inside))
            areas.append(float(inside.mean()))
            groups.append(blend.media.group or blend.media.file)
    return [_summed(name, values, areas, groups) for name, values in found.items()]


def looks(heat: Heat, inside: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return whether a map's hottest place lies inside (0 or 1), and the share of its heat there.

    Args:
        heat: 0 or more, (h, w); it covers the whole crop.
        inside: (S, S). Of several equally hot places the share that lies inside counts.
    """
    large = cv2.resize(heat, inside.shape[::-1], interpolation=cv2.INTER_LINEAR)
    hottest = large >= large.max()
    total = float(large.sum())
    mass = float(large[inside].sum()) / total if total > 0 else float(inside.mean())
    return float(inside[hottest].mean()), mass


def centre_map(shape: tuple[int, ...]) -> Heat:
    """Return a round map, hottest in its middle, of (h, w)."""
    y, x = (np.linspace(-1, 1, size) for size in shape)
    return np.exp(-2 * (y[:, None] ** 2 + x**2)).astype(np.float32)


def _summed(
    name: str, values: list[tuple[float, float]], areas: list[float], groups: list[str]
) -> Looks:
    mean: Callable[[Array, Array], float] = lambda _, v: float(v.mean())  # noqa: E731
    pointing, mass = np.array(values).T
    nothing = np.zeros(len(values))
    return Looks(
        name,
        len(values),
        float(pointing.mean()),
        *bootstrap(mean, nothing, pointing, groups),
        float(mass.mean()),
        *bootstrap(mean, nothing, mass, groups),
        float(np.mean(areas)),
    )


def told(found: Sequence[Looks]) -> list[str]:
    """Return the comparison as lines for people."""
    if not found:
        return ["where the model looked: no real face to check it on"]
    first = found[0]
    lines = [
        f"where the model looked: {first.frames} frames; masks cover {first.area:.3f} of a crop",
        f"{'map':<24}  hottest place inside     heat inside",
    ]
    lines += [
        f"{f.name:<24}  {f.pointing:.3f} ({f.pointing_low:.3f}-{f.pointing_high:.3f})"
        f"     {f.mass:.3f} ({f.mass_low:.3f}-{f.mass_high:.3f})"
        for f in found
    ]
    return lines
