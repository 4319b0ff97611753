"""`facetell batch` as a user starts it, with the tiny model."""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from facetell.batch.results import read_shard, shards
from facetell.cli import main
from tests.media import Recipe, make_video
from tests.portraits import SAMPLE

VIDEOS = 12


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a face, a clip without one, and a broken file, many times over."""
    folder = tmp_path_factory.mktemp("footage")
    plain = make_video(folder / "plain.mp4", Recipe())
    for n in range(VIDEOS - 3):
        shutil.copy(plain, folder / f"plain-{n}.mp4")
    shutil.copy(SAMPLE, folder / "face.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


def _words(footage: Path, out: Path, model: Path) -> list[str]:
    return ["batch", str(footage), "--out", str(out), "--model", str(model), "--frames", "5"]


def _labels(out: Path) -> dict[str, str]:
    rows = [row for shard in shards(out) for row in read_shard(shard).to_pylist()]
    assert max(Counter(row["path"] for row in rows).values()) == 1, "nothing twice"
    return {Path(row["path"]).name: row["label"] for row in rows}


def _journalled(out: Path) -> int:
    try:
        return sum(journal.read_text().count("\n") for journal in out.glob("*.journal"))
    except FileNotFoundError:  # a shard by now
        return 0


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_killed_twice_and_started_again_it_does_each_once(
    footage: Path, tiny_card_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = [*_words(footage, out, tiny_card_path), "--workers", "2", "--rows", "4"]
    for least in (2, 1):
        with _started(words) as process:
            _wait_for(out, least, process)
            process.send_signal(signal.SIGKILL)
    assert main(words) == 3
    expected = {f"plain-{n}.mp4": "no_face" for n in range(VIDEOS - 3)}
    found = _labels(out)
    assert found.pop("face.mp4") in ("fake", "real", "inconclusive")
    assert found == expected | {"plain.mp4": "no_face", "broken.mp4": "error"}
    assert f"{VIDEOS} videos: " in capsys.readouterr().out


def _started(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "facetell", *words, "--quiet"])


def _wait_for(out: Path, rows: int, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + 120
    while _journalled(out) < rows:
        assert time.monotonic() < deadline_s
        if process.poll() is not None:
            return  # so fast that nothing is left to kill
        time.sleep(0.005)


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The inputs that the command would have analysed, instead of doing so."""
    from facetell.batch import plan
    from facetell.batch.summary import Summary

    found: list[list[str]] = []

    def carry_out(_: object, inputs: object) -> Summary:
        found.append([each.path for each in inputs])  # type: ignore[attr-defined]
        return Summary()

    monkeypatch.setattr(plan, "carry_out", carry_out)
    return found


def test_it_takes_folders_lists_tables_and_standard_input(
    footage: Path,
    tmp_path: Path,
    carried: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "list.txt").write_text("a.mp4\ns3://b/c.mp4\n")
    (tmp_path / "table.csv").write_text("id,uri\n1,a.mp4\n")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"x.mp4\0y\nz.mp4\0")))
    out = ["--out", str(tmp_path / "out")]
    for words in (
        [str(footage)],
        [str(tmp_path / "list.txt")],
        [str(tmp_path / "table.csv"), "--column", "uri"],
        ["-"],
        ["s3://bucket/one.mp4"],
    ):
        assert main(["batch", *words, *out]) == 0
    assert len(carried.pop(0)) == VIDEOS
    assert carried == [
        ["a.mp4", "s3://b/c.mp4"],
        ["a.mp4"],
        ["x.mp4", "y\nz.mp4"],
        ["s3://bucket/one.mp4"],
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["x", "--out", "o", "--shard", "4/4"], "0/4, 1/4, 2/4 or 3/4"),
        (["x", "--out", "o", "--limit", "0"], "from 1"),
        (["x", "--out", "o", "--timeout", "soon"], "give seconds"),
        (["x"], "--out"),
        (["x", "--out", "o", "--address", "auto"], "add --engine ray"),
        (["folder", "--out", "o", "--column", "uri"], "no table"),
        (["gone.csv", "--out", "o"], "gone.csv: No such file"),
    ],
)
def test_it_says_what_is_wrong_before_anything_is_done(
    words: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["batch", *words]) in (2, 3)
    assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("o/*.parquet"))
