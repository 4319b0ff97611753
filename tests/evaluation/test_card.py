from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facetell.errors import UsageError
from facetell.evaluation.answers import Outcome
from facetell.evaluation.card import (
    Fit,
    card_metrics,
    check_calibratable,
    cross_fitted,
    dealt_folds,
    fit,
    recalibrated,
    write_card,
)
from facetell.evaluation.measures import scored
from facetell.train.calibrate import Aims
from facetell.weights import Calibration, Metric, ModelCard, Thresholds, find
from tests.evaluation.made_outcomes import many, outcome
from tests.tiny_model import write_model

AIMS = Aims(0.05, 0.10)


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    """A card whose calibration is the identity."""
    return find(write_model(tmp_path))


def squeezed(outcomes: list[Outcome]) -> list[Outcome]:
    """The same files by a model that dares to say nothing: logits a fifth as large."""

    def dull(p: float) -> float:
        return float(1 / (1 + np.exp(-0.2 * np.log(p / (1 - p)))))

    return [
        replace(o, answer=replace(o.answer, p_fake=dull(o.answer.p_fake or 0.5))) for o in outcomes
    ]


def test_it_finds_what_was_squeezed(card: ModelCard) -> None:
    wide, dull = fit(many(400), card, AIMS), fit(squeezed(many(400)), card, AIMS)
    assert dull.calibration.fitted is True
    assert dull.calibration.slope == pytest.approx(5 * wide.calibration.slope, rel=0.01)
    assert dull.calibration.real_mean == pytest.approx(wide.calibration.real_mean / 5, rel=0.01)
    assert dull.thresholds.fake == pytest.approx(wide.thresholds.fake, abs=0.01)


def test_its_thresholds_keep_the_promised_error_rates(card: ModelCard) -> None:
    outcomes = many(400)
    rows = scored(recalibrated(outcomes, card, fit(outcomes, card, AIMS)))
    assert np.mean(rows.called[~rows.is_fake] > 0) <= 0.05
    assert np.mean(rows.called[rows.is_fake] < 0) <= 0.10
    assert np.mean(rows.called != 0) > 0.2


def test_a_poorly_seen_face_stays_inconclusive(card: ModelCard) -> None:
    wide = Fit(card.calibration, Thresholds(0.9, 0.5))
    poor = outcome(0.2, False, label="inconclusive")
    clear = outcome(0.4, False)
    labels = [o.answer.label for o in recalibrated([poor, clear], card, wide)]
    assert labels == ["inconclusive", "real"]


def test_cross_fitted_rates_are_those_of_sources_that_were_not_seen(card: ModelCard) -> None:
    odd = [
        outcome(0.95, False, source="odd", name=f"odd{k}.mp4") for k in range(5)
    ]  # reals that look fake, all of one source
    outcomes = [*many(60), *odd]
    aims = Aims(0.08, 0.10)

    def share(found: list[Outcome]) -> float:
        return float(np.mean([o.answer.label == "fake" for o in found if not o.media.is_fake]))

    seen = share(recalibrated(outcomes, card, fit(outcomes, card, aims)))
    unseen = share(cross_fitted(outcomes, card, aims, 4))
    assert seen <= 0.08 < unseen


def one_sided(label: bool, source: str, count: int) -> list[Outcome]:
    """Files of one class of one source, most of them on the right side."""
    rng = np.random.default_rng(len(source) + label)
    values = np.clip(rng.normal(0.65 if label else 0.35, 0.15, count), 0.02, 0.98)
    return [
        outcome(float(p), label, source=source, name=f"{source}{k}.mp4")
        for k, p in enumerate(values)
    ]


def test_folds_have_their_share_of_each_class(card: ModelCard) -> None:
    sizes = (12, 9, 6, 4, 4, 3)
    outcomes = [o for k, size in enumerate(sizes) for o in one_sided(k % 2 == 0, f"p{k}", size)]
    fold_of = np.array(dealt_folds(scored(outcomes), 3))
    fake = np.array([o.media.is_fake for o in outcomes])
    sources = np.array([o.media.source for o in outcomes])
    assert all(len(set(fold_of[sources == s])) == 1 for s in set(sources))
    for label in (False, True):
        # three sources of each class, and as many folds: one each
        assert sorted(set(fold_of[fake == label])) == [0, 1, 2]


def test_few_sources_are_parted_by_originals(card: ModelCard) -> None:
    outcomes = [*one_sided(False, "page", 20), *one_sided(True, "page", 20)]
    held_out = cross_fitted(outcomes, card, AIMS, 5)
    changed = {o.answer.p_fake for o in held_out} - {o.answer.p_fake for o in outcomes}
    assert len(changed) == 40
    (rate,) = [
        m for m in card_metrics(outcomes, held_out, "stills") if m.name == "real called fake"
    ]
    assert rate.on == "stills, cross-fitted by original"


def test_files_without_a_face_stay_in_their_place(card: ModelCard) -> None:
    outcomes = [outcome(None, True, name="empty.mp4"), *many(60)]
    held_out = cross_fitted(outcomes, card, AIMS, 4)
    assert held_out[0] == outcomes[0]
    assert [o.media.file for o in held_out] == [o.media.file for o in outcomes]


def test_it_needs_enough_sources_and_both_classes(card: ModelCard) -> None:
    with pytest.raises(UsageError, match="only 8 sources"):
        cross_fitted(many(), card, AIMS, 9)
    with pytest.raises(UsageError, match="only 4 originals"):
        cross_fitted(many(4, sources=2), card, AIMS, 5)
    with pytest.raises(UsageError, match="needs real and fake"):
        fit([outcome(0.5, False)], card, AIMS)


def test_it_refuses_a_test_part(card: ModelCard) -> None:
    check_calibratable(card, {"validation", ""})
    with pytest.raises(UsageError, match="test part"):
        check_calibratable(card, {"validation", "test"})


def test_it_writes_a_card_that_can_be_read(card: ModelCard) -> None:
    outcomes = many(60)
    fitted = Fit(Calibration(2.0, 0.5, -1.0, 0.7), Thresholds(0.8, 0.2))
    held_out = cross_fitted(outcomes, card, AIMS, 4)
    write_card(card.path, card_metrics(outcomes, held_out, "my clips"), "my clips", fitted)
    again = find(card.path)
    assert (again.calibration, again.thresholds) == (fitted.calibration, fitted.thresholds)
    on = {m.name: m.on for m in again.metrics}
    assert on["AUC"] == "colours"  # what was there before stays
    assert on["video_auc"] == "my clips"
    assert on["real called fake"] == "my clips, cross-fitted"
    assert again.sha256 == card.sha256


def test_numbers_on_the_same_files_are_replaced(card: ModelCard) -> None:
    for value in (0.7, 0.8):
        write_card(card.path, [Metric("video_auc", value, None, None, 9, "mine")], "mine")
    assert [m.value for m in find(card.path).metrics if m.on == "mine"] == [0.8]
    assert json.loads(card.path.read_text())["calibration"]["real_mean"] == -3.0
