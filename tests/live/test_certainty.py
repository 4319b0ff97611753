from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facetell.live.certainty import certainty_of
from facetell.pooling import TrackPool, p_fake_of
from facetell.tally import Track
from facetell.verdict import Label
from facetell.weights import find


def track(logits: list[float], step_s: float, weight: float = 1.0) -> Track:
    times_s, values = step_s * np.arange(len(logits), dtype=np.float64), np.array(logits)
    pool = TrackPool(float(values.mean()), weight, None)
    return Track(1, pool, 0.5, times_s, values, np.zeros((1, 7)))


@pytest.fixture
def certainty(tiny_card_path: Path) -> Callable[[Label, Track], float]:
    card = find(tiny_card_path)  # fake from 0.7, real to 0.3, slope 1, real_std 1

    def of(label: Label, one: Track) -> float:
        return certainty_of(label, p_fake_of(one.pool.logit, card.calibration), one, card)

    return of


def test_it_grows_with_what_was_seen_and_not_with_repetition(
    certainty: Callable[[Label, Track], float],
) -> None:
    few, many, crowded = (
        certainty("fake", track([1.2] * n, step_s))
        for n, step_s in ((2, 2.0), (20, 2.0), (20, 0.01))
    )
    assert 0.5 < few < many
    assert many > 0.95
    assert crowded < few


def test_it_is_half_at_the_border_and_sums_to_one(
    certainty: Callable[[Label, Track], float],
) -> None:
    border = float(np.log(0.7 / 0.3))
    assert certainty("fake", track([border], 1.0)) == pytest.approx(0.5)
    sure = certainty("inconclusive", track([0.0] * 30, 2.0))
    assert sure > 0.99


def test_scatter_makes_it_smaller(certainty: Callable[[Label, Track], float]) -> None:
    calm, wild = (
        certainty("fake", track([1.5 - spread, 1.5 + spread] * 5, 2.0)) for spread in (0.1, 3.0)
    )
    assert wild < calm


def test_what_was_hardly_seen_is_not_certain_at_all(
    certainty: Callable[[Label, Track], float],
) -> None:
    assert certainty("inconclusive", track([3.0], 1.0, weight=0.1)) == 0.0
