from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from facetell.cli import main
from facetell.train.inventory import FileFacts, Inventory, leave_out
from facetell.train.layouts import Media
from tests.media import Recipe, cut, make_picture, make_video, picture

SAMPLES = Path(__file__).parents[2] / "src/facetell/data/samples"
REAL, FAKE = SAMPLES / "astronaut_real.mp4", SAMPLES / "astronaut_fake.mp4"
Out = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good videos, and one of each trouble."""
    root = tmp_path_factory.mktemp("set")
    for name in ("a.mp4", "copy.mp4", "voice.mp4"):
        shutil.copy(REAL, root / name)
    shutil.copy(FAKE, root / "b.mp4")
    make_video(root / "short.mp4", Recipe(frames=10, rate_hz=10))
    cut(make_video(root / "broken.mp4"), 0.5)
    make_picture(root / "still.png", picture(3, (64, 64)))
    rows = [
        "file,label,method,original",
        *("a.mp4,real,,", "copy.mp4,real,,", "short.mp4,real,,", "still.png,real,,"),
        *("b.mp4,fake,swap,a.mp4", "voice.mp4,fake,clone,a.mp4", "broken.mp4,fake,swap,x.mp4"),
    ]
    (root / "labels.csv").write_text("\n".join(rows))
    return root


def record_of(capsys: Out, *arguments: object) -> dict[str, object]:
    assert main(["dataset", *map(str, arguments), "--json"]) == 0
    record: dict[str, object] = json.loads(capsys.readouterr().out)
    return record


def test_it_counts_and_finds_what_is_wrong(source: Path, capsys: Out) -> None:
    record = record_of(capsys, source, "--workers", 1)
    counts = record["counts"]
    assert isinstance(counts, dict)
    assert counts["all"][""] == {"real": 4, "fake": 3}
    assert counts["method"] == {"clone": {"real": 0, "fake": 1}, "swap": {"real": 0, "fake": 2}}
    assert (record["videos"], record["pictures"]) == (5, 1)
    assert record["duration_s"] == {"mean": pytest.approx(3.4, abs=0.05), "least": 1.0, "most": 4.0}
    assert record["frames"] == {"mean": 82, "least": 10, "most": 100}
    assert list(record["corrupt"]) == ["broken.mp4"]  # type: ignore[call-overload]
    assert record["equal_bytes"] == [["a.mp4", "copy.mp4", "voice.mp4"]]
    alike = record["equal_pictures_in_several_groups"]
    assert isinstance(alike, list)
    assert len(alike) == 1
    assert {"a.mp4", "copy.mp4"} <= set(alike[0])
    assert record["forged_in_sound_only"] == ["voice.mp4"]


def test_it_says_so_to_people(source: Path, capsys: Out) -> None:
    assert main(["dataset", str(source), "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "layout table" in said
    assert "balance: 1.33 reals for one fake" in said
    assert "duration in seconds: 3.4 (1.0 to 4.0)" in said
    assert "corrupt: 1\n  broken.mp4: " in said
    assert "forged in sound only: 1\n  voice.mp4" in said


def test_what_it_leaves_out_is_what_prepare_excludes(
    source: Path, tmp_path: Path, capsys: Out
) -> None:
    table = tmp_path / "out.csv"
    record_of(capsys, source, "--workers", 1, "--leave-out", table)
    with table.open() as file:
        rows = {row["file"]: row["reason"] for row in csv.DictReader(file)}
    assert set(rows) == {"broken.mp4", "copy.mp4", "voice.mp4"}
    assert rows["copy.mp4"] == "same bytes as a.mp4"
    store = tmp_path / "store"
    arguments = ["prepare", source, store, "--exclude", table, "--frames", 6, "--workers", 1]
    assert main([str(a) for a in arguments]) == 0
    assert "2 clips of 2 files" in capsys.readouterr().out  # short and still have no face
    counts = record_of(capsys, store)["counts"]
    assert counts["all"][""] == {"real": 1, "fake": 1}  # type: ignore[index]


def facts(name: str, is_fake: bool, method: str = "") -> FileFacts:
    return FileFacts(Media(name, is_fake, "s", name, method=method), sha256=name)


def test_balancing_takes_from_the_most_frequent_methods() -> None:
    files = [facts(f"r{k}", False) for k in range(4)]
    files += [facts(f"a{k}", True, "often") for k in range(9)]
    files += [facts(f"b{k}", True, "rare") for k in range(2)]
    inventory = Inventory(tuple(files), (), ())
    assert leave_out(inventory, balance=False) == {}
    out = leave_out(inventory, balance=True)
    assert Counter(name[0] for name in out) == {"a": 7}
    assert out == leave_out(inventory, balance=True)
    assert out != leave_out(inventory, balance=True, seed=1)


def test_it_tells_of_a_place_that_cannot_be_written(source: Path, capsys: Out) -> None:
    where = str(source / "gone" / "out.csv")
    assert main(["dataset", str(source), "--workers", "1", "--leave-out", where]) == 3
    assert "cannot be written" in capsys.readouterr().err
