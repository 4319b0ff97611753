"""A decoder process makes of each hostile file what reading it here makes, and lives on."""

from __future__ import annotations

from pathlib import Path

import pytest

from facetell.errors import FacetellError
from facetell.video import Sampling, open_video
from facetell.video.sandbox import Decoder
from tests.hostile.corpus import CASES
from tests.hostile.decoding import LIMITS
from tests.media import make_video


def outcome(path: Path, decoder: Decoder | None) -> list[object]:
    try:
        with open_video(path, LIMITS, decoder) as video:
            frames = [frame.rgb.tobytes() for frame in video.frames(Sampling(6, burst_frames=2))]
    except FacetellError as error:
        return [type(error), str(error)]
    return [video.info, video.warnings, frames]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    make_video(folder / "secret.mp4")
    return folder


def test_hostile_files_come_to_the_same_by_one_process(folder: Path) -> None:
    decoder, no_port = Decoder(), 9
    (server,) = decoder._idle
    different = []
    for case in CASES:
        path = folder / case.name
        path.write_bytes(case.make(folder, no_port))
        if outcome(path, decoder) != outcome(path, None):
            different.append(case.name)
        path.unlink()
    assert different == []
    assert decoder._idle == [server]
