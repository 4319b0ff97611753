from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from facetell import ensemble, weights
from facetell.clips import Clip
from facetell.ensemble import EnsembleCard, find
from facetell.errors import ModelMismatch, ModelNotFound, UsageError
from facetell.scorer import Ensemble, Scorer
from facetell.verdict import ModelReference
from tests.tiny_model import SIDE_PX, write_model

LARGE_PX = 2 * SIDE_PX
STEEP = {"slope": 2.0, "intercept": 1.0, "real_mean": -2.0, "real_std": 0.5}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two tiny models: the second takes larger crops and is calibrated otherwise."""
    folders = [tmp_path / "small", tmp_path / "large"]
    for folder in folders:
        folder.mkdir()
    small = write_model(folders[0], name="small")
    large = write_model(
        folders[1],
        LARGE_PX,
        name="large",
        input={"side_px": LARGE_PX},
        calibration=STEEP,
        thresholds={"fake": 0.9, "real": 0.1},
    )
    return small, large


def named(*paths: Path) -> str:
    return ",".join(map(str, paths))


def clip(side_px: int, red: int, blue: int) -> Clip:
    pixels = np.zeros((5, 3, side_px, side_px), np.uint8)
    pixels[:, 0], pixels[:, 2] = red, blue
    times_s = np.arange(5) / 10
    return Clip(
        1, 0, pixels, times_s, np.arange(5), np.zeros((5, 4), np.float32), np.ones(5, np.float32)
    )


def test_it_names_all_members_with_their_hashes(pair: tuple[Path, Path]) -> None:
    card = find(named(*pair))
    assert isinstance(card, EnsembleCard)
    assert card.name == "small + large"
    hashes = [weights.find(path).sha256 for path in pair]
    assert card.sha256 == hashlib.sha256(",".join(hashes).encode()).hexdigest()
    assert [member.sha256 for member in ModelReference.of(card).members] == hashes


def test_a_single_name_stays_a_single_model(pair: tuple[Path, Path]) -> None:
    card = find(pair[0])
    assert not isinstance(card, EnsembleCard)
    assert ensemble.members(card) == (card,)
    assert ModelReference.of(card).members == ()


def test_it_averages_calibrated_logits(pair: tuple[Path, Path]) -> None:
    card = find(named(*pair))
    views = clip(SIDE_PX, 200, 40), clip(LARGE_PX, 200, 40)
    (found,) = Ensemble(card, threads=1).score([views], keep_features=True)
    apart = [
        next(Scorer(weights.find(path), threads=1).score([view]))
        for path, view in zip(pair, views, strict=True)
    ]
    expected = ((apart[0].logit * 1 + 0) + (apart[1].logit * 2 + 1)) / 2
    assert found.logit == pytest.approx(expected, rel=1e-6)
    assert found.heatmaps.shape == apart[0].heatmaps.shape
    assert found.features is not None
    assert found.features.shape == (5, 6)


def test_its_thresholds_lie_between_those_of_its_members(pair: tuple[Path, Path]) -> None:
    card = find(named(*pair))
    logit = (math.log(0.7 / 0.3) + math.log(0.9 / 0.1)) / 2
    assert card.thresholds.fake == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-3)
    assert card.thresholds.real == pytest.approx(1 - card.thresholds.fake, abs=2e-3)


def test_its_calibration_says_how_reals_score(pair: tuple[Path, Path]) -> None:
    calibration = find(named(*pair)).calibration
    assert (calibration.slope, calibration.intercept) == (1, 0)
    assert calibration.real_mean == pytest.approx((-3.0 + (2 * -2.0 + 1)) / 2)
    assert calibration.real_std == pytest.approx((1.0 + 2 * 0.5) / 2)
    assert calibration.fitted


def test_it_refuses_members_that_cannot_judge_together(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    slow = write_model(
        other, LARGE_PX, input={"side_px": LARGE_PX}, sampling={"step_s": 0.5, "burst_frames": 5}
    )
    with pytest.raises(ModelMismatch, match="time step is another"):
        find(named(pair[0], slow))


def test_it_refuses_the_same_model_twice(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="name it once"):
        find(named(pair[0], pair[0]))


def test_it_names_the_member_that_is_missing(pair: tuple[Path, Path]) -> None:
    with pytest.raises(ModelNotFound, match="nobody"):
        find(f"{pair[0]},nobody")


def test_it_reads_a_card_whose_path_has_a_comma(tmp_path: Path) -> None:
    folder = tmp_path / "a,b"
    folder.mkdir()
    assert find(write_model(folder)).name == "tiny"
