from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from facetell.train.calibrate import Aims, calibrate, choose_thresholds


def scores(count: int = 400, shift: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    is_fake = np.arange(count) % 4 == 0
    return rng.normal(3 + shift * is_fake, 1.0), is_fake


def test_it_fits_as_scikit_learn_does() -> None:
    logits, is_fake = scores()
    found = calibrate(logits, is_fake)
    spread = logits.std()
    model = LogisticRegression(class_weight="balanced", C=1 / (0.02 * len(logits)), tol=1e-10)
    model.fit(((logits - logits.mean()) / spread)[:, None], is_fake)
    assert found.slope == pytest.approx(model.coef_[0, 0] / spread, rel=1e-4)
    p = 1 / (1 + np.exp(-(found.slope * logits + found.intercept)))
    theirs = model.predict_proba(((logits - logits.mean()) / spread)[:, None])[:, 1]
    assert np.allclose(p, theirs, atol=1e-4)
    assert found.real_mean == pytest.approx(3, abs=0.15)
    assert found.real_std == pytest.approx(1, abs=0.15)


def test_it_refuses_scores_that_tell_nothing() -> None:
    logits, is_fake = scores(shift=-1.0)
    with pytest.raises(ValueError, match="above reals"):
        calibrate(logits, is_fake)
    with pytest.raises(ValueError, match="real and fake"):
        calibrate(logits, np.ones_like(is_fake))


def test_the_thresholds_keep_their_promise() -> None:
    logits, is_fake = scores()
    p = 1 / (1 + np.exp(-(logits - 4)))
    found = choose_thresholds(p, is_fake, Aims(0.05, 0.1))
    assert np.mean(p[~is_fake] >= found.fake) <= 0.05
    assert np.mean(p[is_fake] <= found.real) <= 0.1
    assert found.real < found.fake


def test_perfect_scores_leave_room_for_doubt() -> None:
    p = np.array([0.01, 0.02, 0.98, 0.99])
    found = choose_thresholds(p, np.array([False, False, True, True]), Aims())
    assert 0.02 < found.real <= 0.5 <= found.fake < 0.98
