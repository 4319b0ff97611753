from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from facetell.train.metrics import auc, bootstrap, source_auc


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
