"""The shipped model on the project's own samples and on real clips, where they are."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from facetell import Analyzer, Options, Verdict, weights

SAMPLES = Path(weights.__file__).parent / "data" / "samples"


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(Options(frames=10))


def holds_together(verdict: Verdict) -> None:
    assert verdict.p_fake is not None
    assert 0 < verdict.p_fake < 1
    assert verdict.label in ("fake", "real", "inconclusive")
    assert verdict.tracks
    assert all(0 <= track.p_fake <= 1 for track in verdict.tracks)
    assert len(verdict.timeline) <= 10 * len(verdict.tracks)
    assert verdict.reasons


def test_the_sample_made_by_forging_scores_above_the_one_that_was_not(analyzer: Analyzer) -> None:
    real = analyzer.analyze(SAMPLES / "astronaut_real.mp4")
    fake = analyzer.analyze(SAMPLES / "astronaut_fake.mp4")
    holds_together(real)
    holds_together(fake)
    assert real.p_fake is not None
    assert fake.p_fake is not None
    assert fake.p_fake > real.p_fake
    assert real.label != "fake"


def test_it_scores_every_kind_of_clip(analyzer: Analyzer, data_dir: Path) -> None:
    videos = data_dir / "videos"
    with (videos / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "validation"]
    chosen = {row["manipulation"]: row["path"] for row in rows}
    for path in chosen.values():
        verdict = analyzer.analyze(videos / path)
        holds_together(verdict)
        assert len(verdict.tracks) <= 2  # each shows one face


def test_it_scores_a_tight_face_crop(analyzer: Analyzer, data_dir: Path, tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(data_dir / "dfdc_faces.tar") as archive:
        members = [m for m in archive.getmembers() if m.name.endswith(".jpg")][:12]
        archive.extractall(tmp_path, members, filter="data")
    labels = [analyzer.analyze(path).label for path in sorted(tmp_path.rglob("*.jpg"))]
    assert len(labels) == 12
    assert labels.count("no_face") <= 1
