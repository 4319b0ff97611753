from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import pytest

from facetell.report.folder import ReportFolder, distinct_name, safe_name
from facetell.verdict import error_verdict
from facetell.weights import ModelCard

if TYPE_CHECKING:
    from tests.report.conftest import MakeVerdict


def test_it_fills_the_folder_itself_for_one_input(
    make_verdict: MakeVerdict, card: ModelCard, tmp_path: Path
) -> None:
    folder = ReportFolder(tmp_path / "new" / "out", several=False)
    folder.add(make_verdict(), card)
    folder.finish()
    root = tmp_path / "new" / "out"
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert names == [
        "faces/face-1-at-2.000s-heat.jpg",
        "faces/face-1-at-2.000s.jpg",
        "faces/face-3-at-4.250s-heat.jpg",
        "faces/face-3-at-4.250s.jpg",
        "faces/face-3-at-7.500s-heat.jpg",
        "faces/face-3-at-7.500s.jpg",
        "report.html",
        "report.json",
        "timeline.csv",
    ]
    assert json.loads((root / "report.json").read_text())["label"] == "fake"
    heat = cv2.imread(str(root / names[0]))
    assert heat is not None
    assert heat.shape == (64, 64, 3)
    assert folder.start_page == root / "report.html"


def test_it_gives_each_of_several_inputs_a_folder(
    make_verdict: MakeVerdict, card: ModelCard, tmp_path: Path
) -> None:
    folder = ReportFolder(tmp_path, several=True)
    for path in ("a/clip.mp4", "b/clip.mp4", "index.html"):
        folder.add(make_verdict(path=Path(path)), card)
    folder.add(error_verdict(Path("broken.mp4"), ValueError("no")), card)
    folder.finish()
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "at or above 0.71. The file ends early" in index, "a warning is never left out"
    with (tmp_path / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == ["a/clip.mp4", "b/clip.mp4", "index.html", "broken.mp4"]
    for name in ("clip.mp4", "clip.mp4-2", "index.html-2", "broken.mp4"):
        assert (tmp_path / name / "report.html").is_file()
        assert f'href="{name}/report.html"' in index


def test_it_removes_crops_of_an_earlier_run_and_nothing_else(
    make_verdict: MakeVerdict, card: ModelCard, tmp_path: Path
) -> None:
    ReportFolder(tmp_path, several=False).add(make_verdict(), card)
    own = tmp_path / "faces" / "my-notes.jpg"
    own.write_bytes(b"mine")
    ReportFolder(tmp_path, several=False).add(make_verdict(evidence=()), card)
    assert list((tmp_path / "faces").iterdir()) == [own]


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "a/../../b",
        "con.txt",
        "LPT1",
        "a\x00b",
        "\udcff\udcfe",
        "x" * 300,
        ".hidden",
        " ",
        "日本" * 80,
    ],
)
def test_it_makes_names_that_every_system_takes(name: str) -> None:
    made = safe_name(name)
    assert made
    assert len(made.encode()) <= 240
    assert not set(made) & set('/\\:*?"<>|\x00 ')
    assert made[0] != "."
    assert made[-1] not in ". "
    assert made.split(".")[0].lower() not in {"con", "lpt1"}


def test_it_keeps_names_apart_that_some_system_takes_for_one() -> None:
    taken: set[str] = set()
    names = [distinct_name(Path(n), taken) for n in ("É.mp4", "É.mp4", "é.mp4", "a:b", "a?b")]
    assert len({name.casefold() for name in names}) == 5
