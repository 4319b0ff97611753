from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from facetell.features import FrameFeatures
from facetell.report.features import COLUMNS, write_features


def _features() -> FrameFeatures:
    rows = 3
    return FrameFeatures(
        track=np.arange(rows, dtype=np.int64),
        frame_index=np.arange(rows, dtype=np.int64),
        time_s=np.linspace(0, 1, rows),
        box_xyxy=np.zeros((rows, 4), np.float32),
        quality=np.ones(rows, np.float32),
        frame_logit=np.zeros(rows, np.float32),
        clip_logit=np.zeros(rows, np.float32),
        features=np.full((rows, 8), 0.5, np.float32),
    )


def test_it_writes_every_array_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "out.features"
    features = _features()
    write_features(path, features)
    with np.load(path, allow_pickle=False) as found:
        assert sorted(found.files) == sorted(COLUMNS)
        for name in COLUMNS:
            np.testing.assert_array_equal(found[name], getattr(features, name))


def test_it_leaves_no_array_out() -> None:
    assert {field.name for field in fields(FrameFeatures)} == set(COLUMNS)
