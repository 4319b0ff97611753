"""Outcomes → what was called what, and how good each part of a data set is judged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facetell.evaluation.answers import Outcome
from facetell.evaluation.kinds import kind_of
from facetell.evaluation.measures import Scored, scored, share_called
from facetell.train.metrics import auc
from facetell.verdict import LABELS


def confusion(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Count what reals and fakes were called; each file counts once, errors too."""
    table: dict[str, dict[str, int]] = {}
    for truth in ("real", "fake"):
        found = Counter(o.answer.label for o in outcomes if o.media.is_fake == (truth == "fake"))
        table[truth] = {label: found[label] for label in LABELS}
    return table


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a data set.

    Attributes:
        axis: by what it was cut: kind, manipulation, method, source, face size, quality or a trait
            that the data set names.
        name: of the part.
        reals, fakes: files in it with a probability.
        auc: of its fakes against all reals; None without fakes.
        real_auc: of all fakes against its reals; None without reals.
        reals_called_fake, fakes_called_fake: shares; None where there are none.
        inconclusive: share of all its files.
    """

    axis: str
    name: str
    reals: int
    fakes: int
    auc: float | None
    real_auc: float | None
    reals_called_fake: float | None
    fakes_called_fake: float | None
    inconclusive: float


AXES: dict[str, Callable[[Outcome], str]] = {
    "kind": kind_of,
    "manipulation": lambda o: o.media.manipulation if o.media.is_fake else "",
    "method": lambda o: o.media.method if o.media.is_fake else "",
    "source": lambda o: o.media.source,
    "face size": lambda o: _band(o.answer.face_px, (64, 128, 256), "px"),
    "quality": lambda o: _band(o.answer.quality, (0.3, 0.6), ""),
}


def _band(value: float | None, edges: tuple[float, ...], unit: str) -> str:
    """Name the band in which a value lies."""
    assert value is not None
    words = [f"{edge} {unit}".strip() for edge in edges]
    place = sum(value >= edge for edge in edges)
    if place == 0:
        return f"under {words[0]}"
    return (
        f"{words[-1]} and more" if place == len(edges) else f"{edges[place - 1]} to {words[place]}"
    )


def slices(outcomes: Sequence[Outcome]) -> list[Slice]:
    """Cut a data set along each axis, each part against the whole other class."""
    rows = scored(outcomes)
    found = []
    for axis, name_of in (AXES | _trait_axes(rows.outcomes)).items():
        names = np.array([name_of(o) for o in rows.outcomes])
        found += [_slice(rows, axis, n, names == n) for n in np.unique(names).tolist() if n]
    return found


def _trait_axes(outcomes: Sequence[Outcome]) -> dict[str, Callable[[Outcome], str]]:
    """Return an axis for each trait; one that is called as ours are, such as source, is ours."""
    names = dict.fromkeys(trait.name for o in outcomes for trait in o.media.traits)

    def reader(name: str) -> Callable[[Outcome], str]:
        return lambda o: next((t.value for t in o.media.traits if t.name == name), "")

    return {name: reader(name) for name in names if name not in AXES}


def _slice(rows: Scored, axis: str, name: str, inside: npt.NDArray[np.bool_]) -> Slice:
    fake = rows.is_fake
    truth, called = fake[inside].astype(np.float64), rows.called[inside]
    against_reals, against_fakes = (inside & fake) | ~fake, (inside & ~fake) | fake
    return Slice(
        axis=axis,
        name=name,
        reals=int((inside & ~fake).sum()),
        fakes=int((inside & fake).sum()),
        auc=_known(auc(fake[against_reals], rows.p_fake[against_reals])),
        real_auc=_known(auc(fake[against_fakes], rows.p_fake[against_fakes])),
        reals_called_fake=_known(share_called(False, "fake")(truth, called)),
        fakes_called_fake=_known(share_called(True, "fake")(truth, called)),
        inconclusive=float(np.mean(called == 0)),
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
