"""Fixtures for all tests: the data folder, a tiny model, clips of one colour."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # a fixture imports only what it needs
    import numpy as np
    import numpy.typing as npt

    from facetell.faces import Face, FaceDetector
    from facetell.video.sandbox import Decoder

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


@pytest.fixture(scope="session")
def detector() -> FaceDetector:
    """The detector that facetell ships."""
    from facetell.faces import load_detector

    return load_detector(threads=1)


@pytest.fixture(scope="session")
def decoder() -> Decoder:
    """Decoder processes that serve all tests."""
    from facetell.video.sandbox import Decoder

    return Decoder()


@pytest.fixture(scope="session")
def portrait() -> npt.NDArray[np.uint8]:
    """One face, about 120 px wide, in 512x512."""
    from tests.portraits import first_frame

    return first_frame()


@pytest.fixture(scope="session")
def known(detector: FaceDetector, portrait: npt.NDArray[np.uint8]) -> Face:
    """The face of `portrait`."""
    (face,) = detector.detect(portrait)
    return face
