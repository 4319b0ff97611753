"""A live model that knows two colours, and finds squares in place of faces."""

from __future__ import annotations

from pathlib import Path

import pytest

from facetell.live.analysis import LiveModel
from facetell.live.settings import LiveSettings
from facetell.options import Options
from tests.test_pipeline import SquareDetector


@pytest.fixture(scope="session")
def squares(tiny_card_path: Path) -> LiveModel:
    """Red squares are fake faces, blue ones real; the verdict is on the last ten seconds."""
    options = Options(model=tiny_card_path, threads=1)
    return LiveModel(LiveSettings(options, window_s=10.0), SquareDetector())
