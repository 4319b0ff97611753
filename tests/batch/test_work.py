from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from facetell import analyze
from facetell.batch.work import Analyst, Job, Settings, failed, lost
from facetell.errors import InputUnreadable
from facetell.options import Options
from facetell.report.json_report import to_dict
from tests.batch.made_analysts import SETTINGS, NamedAnalyst, NamedAnalyzer
from tests.media import Recipe, make_video

SAMPLE = Path(__file__).parents[2] / "src/facetell/data/samples/astronaut_real.mp4"


def _told(analyst: Analyst, path: Path, name: str = "") -> dict[str, Any]:
    line = analyst.analyse(Job(name or str(path), str(path))).line
    assert line.isascii()
    return dict(json.loads(line))


def test_a_row_is_the_json_of_scan(tiny_card_path: Path) -> None:
    options = Options(frames=5, model=tiny_card_path, threads=1)
    row = _told(Analyst(Settings(options)), SAMPLE)
    expected = to_dict(analyze(SAMPLE, frames=5, model=tiny_card_path, threads=1))
    assert expected["timeline"]
    for told in (row, expected):
        del told["elapsed_s"]
    assert row == expected | {"attempts": 1}


def test_it_calls_the_file_as_its_user_does(tmp_path: Path) -> None:
    video = tmp_path / "real-1.mp4"
    video.touch()
    row = _told(NamedAnalyst(SETTINGS), video, "s3://bucket/real-1.mp4")
    assert row["path"] == "s3://bucket/real-1.mp4"
    assert row["reasons"] == ["s3://bucket/real-1.mp4: seen."]


def test_an_error_is_a_row_with_the_hash_of_its_file(tmp_path: Path) -> None:
    video = tmp_path / "bad-1.mp4"
    video.touch()
    row = _told(NamedAnalyst(SETTINGS), video, "bad-1.mp4")
    assert row["label"] == "error"
    assert row["p_fake"] is None
    assert row["error"] == {"code": "not_media", "message": "bad-1.mp4: empty"}
    assert row["sha256"].startswith("e3b0c442")  # of nothing


def test_a_file_that_grows_meanwhile_is_half_uploaded(tmp_path: Path) -> None:
    video = tmp_path / "real-1.mp4"
    video.touch()

    class Growing(NamedAnalyzer):
        def analyze(self, path: Path) -> Any:
            path.write_bytes(b"more")
            return super().analyze(path)

    row = _told(Analyst(SETTINGS, Growing()), video)  # type: ignore[arg-type]
    assert row["error"]["code"] == "changed"
    assert "still being uploaded" in row["error"]["message"]


def test_a_missing_file_is_a_row(tiny_card_path: Path, tmp_path: Path) -> None:
    options = Options(frames=5, model=tiny_card_path, threads=1)
    row = _told(Analyst(Settings(options)), tmp_path / "gone.mp4", "gone.mp4")
    assert row["error"]["code"] == "not_found"
    assert row["sha256"] is None


def test_jobs_that_nobody_could_do_are_rows_too() -> None:
    job = Job.of("folder")
    assert job.location == os.path.abspath("folder")  # noqa: PTH100
    assert Job.of("s3://b/a.mp4").location == "s3://b/a.mp4"
    assert failed(job, InputUnreadable("folder: no"), 1).code == "unreadable"
    assert "ended 3 times: why" in lost(job, 3, "why").message


def test_settings_can_be_changed_and_sent() -> None:
    import pickle

    settings = replace(SETTINGS, timeout_s=3)
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_it_judges_a_video_without_a_face(tiny_card_path: Path, tmp_path: Path) -> None:
    video = tmp_path / "plain.mp4"
    make_video(video, Recipe())
    options = Options(frames=5, model=tiny_card_path, threads=1)
    assert _told(Analyst(Settings(options)), video)["label"] == "no_face"
