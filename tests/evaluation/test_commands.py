"""The whole way: labelled files → answers → report, on the project's own samples."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from facetell import weights
from facetell.cli import main
from facetell.evaluation import trials
from facetell.evaluation.answers import BOOK

SAMPLES = Path(weights.__file__).parent / "data" / "samples"
FAST = ["--frames", "5", "--workers", "1"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two real and two fake files in a table, and one that cannot be read."""
    folder = tmp_path / "data"
    folder.mkdir()
    rows = ["path,label,source,method,split"]
    for name, label, split in (
        ("a_real", "real", "validation"),
        ("b_fake", "fake", "validation"),
        ("c_real", "real", "test"),
        ("d_fake", "fake", "test"),
    ):
        shutil.copy(SAMPLES / f"astronaut_{label}.mp4", folder / f"{name}.mp4")
        rows.append(f"{name}.mp4,{label},page {name},made,{split}")
    (folder / "broken.mp4").write_bytes(b"no video")
    rows.append("broken.mp4,real,page,,validation")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def test_it_measures_prints_and_writes(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["evaluate", str(data), *FAST, "--part", "validation", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "2 real, 1 fake" in printed
    assert "video_auc" in printed
    assert "1 files: error" in printed
    summary = json.loads((out / "summary.json").read_text())
    assert summary["confusion"]["real"]["error"] == 1
    assert summary["model"]["sha256"] == weights.find("default").sha256
    with (out / "files.csv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"a_real.mp4", "b_fake.mp4", "broken.mp4"}
    assert float(rows["b_fake.mp4"]["p_fake"]) > float(rows["a_real.mp4"]["p_fake"])
    page = (out / "report.html").read_text()
    assert "data:image/svg+xml" in page
    assert "broken.mp4" in page
    assert "://" not in page  # nothing is fetched


def test_it_goes_on_where_it_was(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["evaluate", str(data), *FAST, "--part", "validation", "--out", str(tmp_path / "o")]
    assert main(arguments) == 0
    book = tmp_path / "o" / BOOK
    before = book.read_text()

    class Nobody:
        def __init__(self, *_: object) -> None:
            raise AssertionError("all was answered before")

    monkeypatch.setattr(trials, "Workforce", Nobody)
    assert main(arguments) == 0
    assert book.read_text() == before


def test_frames_are_set_side_by_side(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", str(data), "--part", "test", "--workers", "1", "--frames", "5", "10"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    table = [line.split() for line in lines[lines.index("") + 2 :]]
    assert [row[0] for row in table] == ["5", "10"]
    assert [row[1] for row in table] == ["2", "2"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--part", "train"], "it has test, validation"),
        (["--workers", "0"], "give at least 1"),
        (["--model", "nobody"], "no such model"),
    ],
)
def test_it_says_what_is_wrong(
    data: Path, extra: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(data), *FAST, *extra]) in (2, 3)
    assert message in capsys.readouterr().err
