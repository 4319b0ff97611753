"""Fixtures for all tests: the data folder, a tiny model, clips of one colour."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Test modules share helpers as `from tests.media import ...`, wherever pytest is started.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of development data; without it the test is skipped."""
    folder = Path(os.environ.get("FACETELL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no development data: set FACETELL_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def tiny_card_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a tiny real model that calls red faces fake and blue ones real."""
    from tests.tiny_model import write_model

    return write_model(tmp_path_factory.mktemp("tiny_model"))
