from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

from facetell.train.metrics import (
    auc,
    average_precision,
    bootstrap,
    brier_score,
    calibration_error,
    calibration_error_by_chance,
    curve,
    equal_error_rate,
    log_loss,
    paired_bootstrap,
    reliability,
    source_auc,
    true_positives_at,
)


def scores(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, count)
    return labels, np.round(labels + rng.normal(0, 1.5, count), 1)  # rounding makes ties


def test_auc_agrees_with_scikit_learn() -> None:
    labels, values = scores()
    assert auc(labels, values) == pytest.approx(roc_auc_score(labels, values))


def test_auc_of_one_class_is_not_a_number() -> None:
    assert np.isnan(auc([1, 1], [0.1, 0.2]))


def test_the_interval_holds_the_value_and_widens_with_groups() -> None:
    labels, values = scores()
    low, high = bootstrap(auc, labels, values, rounds=200)
    assert low < auc(labels, values) < high
    groups = [str(k // 20) for k in range(len(labels))]
    repeated = np.tile(labels[:10], 20), np.tile(values[:10], 20)
    apart = bootstrap(auc, *repeated, rounds=200)
    together = bootstrap(auc, *repeated, groups=[str(k % 10) for k in range(200)], rounds=200)
    assert together[1] - together[0] > apart[1] - apart[0]
    assert bootstrap(auc, labels, values, groups, rounds=50)[0] < auc(labels, values)


def test_every_source_weighs_the_same() -> None:
    fake = [1] * 11 + [0]
    values = [0.9] * 10 + [0.1] + [0.5]
    sources = ["large"] * 10 + ["small"] + ["reals"]
    assert auc(fake, values) == pytest.approx(10 / 11)
    assert source_auc(fake, values, sources) == pytest.approx(0.5)
    labels, many = scores()
    names = [str(k % 7) for k in range(len(labels))]
    counts = [sum((n, f) == pair for pair in zip(names, labels, strict=True))
              for n, f in zip(names, labels, strict=True)]  # fmt: skip
    expected = roc_auc_score(labels, many, sample_weight=1 / np.array(counts))
    assert source_auc(labels, many, names) == pytest.approx(expected)


def probabilities(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Perfectly calibrated ones."""
    rng = np.random.default_rng(1)
    p = rng.beta(0.7, 0.7, count)
    return (rng.random(count) < p).astype(int), p


def test_the_roc_curve_agrees_with_scikit_learn() -> None:
    labels, values = scores()
    found = curve(labels, values)
    false, true, thresholds = sklearn_metrics.roc_curve(labels, values, drop_intermediate=False)
    np.testing.assert_allclose(found.false_positive, false)
    np.testing.assert_allclose(found.true_positive, true)
    np.testing.assert_allclose(found.thresholds, thresholds)


def test_precision_and_recall_agree_with_scikit_learn() -> None:
    labels, values = scores()
    found = curve(labels, values)
    precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, values)
    np.testing.assert_allclose(found.precision, precision[::-1])
    np.testing.assert_allclose(found.true_positive, recall[::-1])
    assert average_precision(labels, values) == pytest.approx(
        sklearn_metrics.average_precision_score(labels, values)
    )


def test_the_losses_agree_with_scikit_learn() -> None:
    labels, p = probabilities()
    assert brier_score(labels, p) == pytest.approx(sklearn_metrics.brier_score_loss(labels, p))
    assert log_loss(labels, p) == pytest.approx(sklearn_metrics.log_loss(labels, p))


def test_the_reliability_bins_agree_with_scikit_learn() -> None:
    labels, p = probabilities()
    fakes, mean_p = calibration_curve(labels, p, n_bins=10, strategy="quantile")
    found = reliability(labels, p)
    np.testing.assert_allclose([b.p_fake for b in found], mean_p, atol=1e-9)
    np.testing.assert_allclose([b.fakes for b in found], fakes, atol=1e-9)
    expected = np.mean(np.abs(fakes - mean_p))  # 400 in 10 bins: each weighs the same
    assert calibration_error(labels, p) == pytest.approx(expected)


def test_the_equal_error_rate_lies_where_both_errors_meet() -> None:
    labels, values = scores(5000)
    false, true, _ = sklearn_metrics.roc_curve(labels, values, drop_intermediate=False)
    nearest = int(np.argmin(np.abs(false - (1 - true))))
    low, high = sorted((false[nearest], 1 - true[nearest]))
    assert low <= equal_error_rate(labels, values) <= high
    assert equal_error_rate([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]) == 0
    assert equal_error_rate([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]) == 1


def test_it_finds_fakes_at_a_fixed_false_alarm_rate() -> None:
    labels = [0] * 20 + [1] * 4
    values = [*np.arange(20), 18.5, 19.5, 17.5, 3.0]
    assert true_positives_at(labels, values, 0.0) == 0.25
    assert true_positives_at(labels, values, 0.05) == 0.5
    assert true_positives_at(labels, values, 1.0) == 1


def test_a_calibrated_model_shows_no_more_error_than_chance() -> None:
    labels, p = probabilities()
    by_chance = calibration_error_by_chance(p)
    assert 0.02 < by_chance < 0.06
    assert calibration_error(labels, p) == pytest.approx(by_chance, abs=0.03)
    overconfident = np.where(p > 0.5, 0.99, 0.01)
    assert (
        calibration_error(labels, overconfident) > calibration_error_by_chance(overconfident) + 0.1
    )


def test_a_paired_interval_is_tighter_than_two_apart() -> None:
    labels, values = scores()
    better = values + 0.3 * labels
    groups = [str(k) for k in range(len(labels))]
    low, high = paired_bootstrap(auc, labels, (values, better), groups, rounds=300)
    assert 0 < low < auc(labels, better) - auc(labels, values) < high
    alone = bootstrap(auc, labels, values, rounds=300)
    assert high - low < (alone[1] - alone[0]) / 2


def test_what_needs_both_classes_is_not_a_number_without() -> None:
    for measure in (auc, average_precision, equal_error_rate):
        assert np.isnan(measure([1, 1], [0.1, 0.2]))
    assert np.isnan(true_positives_at([0, 0], [0.1, 0.2], 0.05))
    assert np.isnan(source_auc([1, 1], [0.1, 0.2], ["a", "b"]))
