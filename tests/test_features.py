from __future__ import annotations

import numpy as np
import pytest

from facetell.features import FeatureCollector
from tests.made_scores import clip_score


def test_it_collects_a_row_for_each_face_of_each_frame_by_time() -> None:
    collector = FeatureCollector()
    collector.add(clip_score(2.0, track_id=2, start_s=1.0, with_features=True))
    collector.add(clip_score(-1.0, track_id=1, frame_logits=[-1, -2], with_features=True))
    rows = collector.collected()
    assert rows.track.tolist() == [1, 1, 2, 2, 2, 2, 2]
    assert rows.frame_logit.tolist() == [-1, -2, 2, 2, 2, 2, 2]
    assert rows.clip_logit.tolist() == [-1, -1, 2, 2, 2, 2, 2]
    assert (np.diff(rows.time_s) > 0).all()
    assert rows.features.shape == (7, 3)
    assert rows.box_xyxy.shape == (7, 4)
    assert all(len(column) == 7 for column in rows.arrays().values())


def test_it_gives_empty_columns_without_faces() -> None:
    rows = FeatureCollector().collected()
    assert rows.box_xyxy.shape == (0, 4)
    assert {len(column) for column in rows.arrays().values()} == {0}


def test_it_refuses_scores_without_features() -> None:
    with pytest.raises(ValueError, match="without keep_features"):
        FeatureCollector().add(clip_score(0.0))
