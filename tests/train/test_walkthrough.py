"""The commands of docs/training.md, one by one, on a tiny tree in the shape of Celeb-DF."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")
pytest.importorskip("matplotlib")
# torch's exporter warns of itself, its loader of forking
pytestmark = pytest.mark.filterwarnings("ignore")

from facetell import weights  # noqa: E402
from facetell.cli import main  # noqa: E402
from facetell.train.demo_data import write_demo_data  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs/training.md"
BLOCK = re.compile(r"^<!-- walkthrough -->\n```(console|toml)\n(.*?)^```", re.M | re.S)
SMALLER = """
hidden = 16
side_px = 96
steps = 40
warmup = 4
encoder_rate = 2e-3
head_rate = 2e-3
ema = 0.9
evaluate_every = 40
save_every = 40
workers = 0
"""
"""What a run of minutes is made of instead; random weights, since tests fetch nothing."""
FASTER = {"prepare": ["--crops", "no", "--workers", "1"]}
FASTER |= {name: ["--frames", "3", "--workers", "1"] for name in ("calibrate", "evaluate")}


def blocks(kind: str) -> list[str]:
    return [code for found, code in BLOCK.findall(PAGE.read_text("utf-8")) if found == kind]


def commands() -> list[list[str]]:
    lines = [line for code in blocks("console") for line in code.splitlines()]
    return [shlex.split(line.removeprefix("$ facetell ")) for line in lines]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with clip.mp4, celeb-df.toml and Celeb-DF-v2: seconds of the bundled pair."""
    monkeypatch.chdir(tmp_path)
    write_demo_data(tmp_path / "made", (1.0,))
    for label, folder, person in (
        ("real", "Celeb-real", "id{}"),
        ("fake", "Celeb-synthesis", "id{}_id9"),
    ):
        (tmp_path / "Celeb-DF-v2" / folder).mkdir(parents=True)
        for path in (tmp_path / "made" / label).iterdir():
            name = f"{person.format(int('mirrored' in path.stem))}_000{path.stem[0]}.mp4"
            shutil.move(path, tmp_path / "Celeb-DF-v2" / folder / name)
    shutil.copy(tmp_path / "Celeb-DF-v2/Celeb-real/id0_0000.mp4", tmp_path / "clip.mp4")
    listed = "1 Celeb-real/id0_0000.mp4\n0 Celeb-synthesis/id0_id9_0000.mp4\n"
    (tmp_path / "Celeb-DF-v2/List_of_testing_videos.txt").write_text(listed)
    (recipe,) = blocks("toml")
    kept, mix = re.sub(r"(?m)^(init|steps) = .*\n", "", recipe).split("[mix]")
    (tmp_path / "celeb-df.toml").write_text(f"{kept}{SMALLER}[mix]{mix}")
    return tmp_path


def test_the_page_goes_the_whole_way() -> None:
    assert [words[0] for words in commands()] == [
        "dataset", "prepare", "split", "init-weights", "train", "export", "calibrate", "evaluate",
        "scan",
    ]  # fmt: skip


def test_each_command_of_the_page_runs(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands():
        if words[0] != "init-weights":  # it would fetch; tests/model/test_public_weights.py has it
            assert main([*words, *FASTER.get(words[0], [])]) == 0, words
    printed = capsys.readouterr().out
    assert "layout celeb-df, 8 real, 8 fake" in printed
    split = json.loads((desk / "split.json").read_text())["parts"]
    summary = json.loads((desk / "results/summary.json").read_text())
    assert summary["reals"] == summary["fakes"] == len(split["test"])
    card = weights.find("celeb-df.json")
    assert {metric.on for metric in card.metrics} == {"Celeb-DF-v2, validation"}
    assert "celeb-df" in summary["model"]["name"]
