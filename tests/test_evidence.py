from __future__ import annotations

import numpy as np
import pytest

from facetell import evidence
from facetell.evidence import ExhibitKeeper
from tests.made_scores import clip_score


def add(keeper: ExhibitKeeper, logit: float, start_s: float, track_id: int = 1) -> None:
    score = clip_score(logit, start_s=start_s, track_id=track_id)
    keeper.add(score, score.frame_logits.astype(np.float64))


def logits(keeper: ExhibitKeeper) -> list[float]:
    return [kept.logit for kept in keeper.most_suspicious_first()]


def test_it_keeps_the_most_suspicious_of_each_track() -> None:
    keeper = ExhibitKeeper(per_track=2, apart_s=0.5)
    for second, logit in enumerate([1.0, 4.0, 2.0, 3.0]):
        add(keeper, logit, start_s=second)
    add(keeper, -5.0, start_s=9.0, track_id=2)
    assert logits(keeper) == [4.0, 3.0, -5.0]


def test_it_keeps_one_of_neighbours_in_time() -> None:
    keeper = ExhibitKeeper(per_track=8, apart_s=0.5)
    for start_s, logit in ((0.0, 1.0), (0.3, 2.0), (0.1, 1.5), (5.0, 0.0)):
        add(keeper, logit, start_s)
    assert logits(keeper) == [2.0, 0.0]


def test_it_takes_the_most_suspicious_frame_that_is_clear() -> None:
    keeper = ExhibitKeeper(per_track=1, apart_s=0.5)
    score = clip_score(0.0, frame_logits=[1.0, 3.0, 9.0], quality=[0.9, 0.8, 0.1])
    keeper.add(score, score.frame_logits.astype(np.float64))
    (kept,) = keeper.most_suspicious_first()
    assert kept.time_s == pytest.approx(0.1)
    assert (kept.crop == 1).all()
    assert kept.heatmap.shape == (2, 2)


def test_it_holds_copies_so_that_clips_can_go() -> None:
    keeper = ExhibitKeeper(per_track=1, apart_s=0.5)
    add(keeper, 1.0, 0.0)
    (kept,) = keeper.most_suspicious_first()
    assert kept.crop.base is None
    assert kept.heatmap.base is None


def test_it_keeps_nothing_when_none_are_wanted() -> None:
    keeper = ExhibitKeeper(per_track=0, apart_s=0.5)
    add(keeper, 1.0, 0.0)
    assert keeper.most_suspicious_first() == []


def test_it_stays_bounded_over_many_tracks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MAX_CROPS", 10)
    keeper = ExhibitKeeper(per_track=3, apart_s=0.5)
    for track_id in range(50):
        add(keeper, logit=float(track_id), start_s=0.0, track_id=track_id)
    assert logits(keeper) == [float(n) for n in range(49, 39, -1)]
