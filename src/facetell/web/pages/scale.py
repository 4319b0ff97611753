"""The scale of p(fake) that charts share: 0 at the foot, 1 at the top, the thresholds' zones.

Places are percent from the top, as strings: a language that writes 12,5 would break an SVG.
"""

from __future__ import annotations

from dataclasses import dataclass

from facetell.weights import Thresholds

QUARTERS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Tick:
    """A number at an axis; `anchor` is SVG's text-anchor."""

    at: str
    words: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Scale:
    """Where everything lies that does not depend on the data.

    Attributes:
        ticks: numbers along the side.
        limits: the thresholds; None if they are not known, and nothing is drawn of them.
        fake_at, real_at: their heights.
        real_height: of the zone below the lower one.
    """

    ticks: tuple[Tick, ...]
    limits: Thresholds | None
    fake_at: str
    real_at: str
    real_height: str


def scale_of(limits: Thresholds | None) -> Scale:
    """Place the numbers and the thresholds."""
    return Scale(
        ticks=tuple(Tick(percent(100 - share), f"{share / 100:g}") for share in QUARTERS),
        limits=limits,
        fake_at=from_top(limits.fake) if limits else "",
        real_at=from_top(limits.real) if limits else "",
        real_height=percent(100 * limits.real) if limits else "",
    )


def from_top(p_fake: float) -> str:
    """Return how far below the top a probability lies.

    >>> from_top(0.75)
    '25.00'
    """
    return percent(100 * (1 - p_fake))


def percent(value: float) -> str:
    """Return a share of a chart as SVG reads it."""
    return f"{value:.2f}"
