from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

from facetell.errors import MissingDependency
from facetell.train import run_log
from facetell.train.config import RunConfig
from facetell.train.curves import CURVES, draw_curves
from facetell.train.run_log import RunLog, StepLine, read_log
from facetell.train.run_report import summarise, write_report

LOOK = {
    "loss": 0.5, "accuracy": 0.75, "auc": 0.8, "frame_auc": 0.7, "source_auc": 0.6,
    "true_real": 5, "false_fake": 1, "false_real": 2, "true_fake": 4,
}  # fmt: skip
RECORDS = [
    {"step": 1, "train_loss": 2.0},
    {"step": 2, "train_loss": 1.5, **LOOK, "auc": 0.9},
    {"step": 3, "train_loss": 1.2, **LOOK, "loss": 0.4},
]
CONFIG = RunConfig(store=Path("<s>"), steps=9, warmup=0)


def test_the_summary_names_the_best_look_and_the_last() -> None:
    summary = summarise(CONFIG, RECORDS)
    assert [look["step"] for look in (summary["best"], summary["last"])] == [2, 3]  # type: ignore[index]
    assert summary["stopped_early"] is True
    assert summary["config"]["steps"] == 9  # type: ignore[index]


def test_a_watched_loss_is_best_where_it_is_lowest() -> None:
    config = RunConfig(store=Path("s"), watch="loss", steps=3, warmup=0)
    summary = summarise(config, RECORDS)
    assert summary["best"]["step"] == 3  # type: ignore[index]
    assert summary["stopped_early"] is False


def test_the_page_stands_alone_and_shows_what_the_summary_says(tmp_path: Path) -> None:
    write_report(CONFIG, tmp_path, RECORDS)
    page = (tmp_path / "summary.html").read_text()
    assert json.loads((tmp_path / "summary.json").read_text()) == summarise(CONFIG, RECORDS)
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert "<script" not in page
    assert "style=" not in page  # its own policy would forbid it
    assert "&lt;s&gt;" in page
    assert "<s>" not in page
    assert "<td><b>0.900</b></td><td><b>0.800</b></td>" in page
    pictures = re.findall(r"base64,([^\"]+)\"", page)
    assert len(pictures) == len(CURVES) + 1
    for coded in pictures:
        data = np.frombuffer(base64.b64decode(coded), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.std() > 5


def test_the_curves_follow_the_numbers(tmp_path: Path) -> None:
    draw_curves(RECORDS, tmp_path)
    before = (tmp_path / "auc.png").read_bytes()
    draw_curves([{**r, "auc": 0.1} if "auc" in r else r for r in RECORDS], tmp_path)
    assert (tmp_path / "auc.png").read_bytes() != before
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"loss.png", "accuracy.png", "auc.png", "confusion.png"}


def test_a_log_drops_what_will_be_done_again_and_half_lines(tmp_path: Path) -> None:
    log = RunLog(tmp_path, step=0)
    for record in RECORDS:
        log.add(record)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "train')
    assert read_log(tmp_path) == RECORDS
    RunLog(tmp_path, step=2).add({"step": 3.0, "train_loss": 0.0})
    assert [r["train_loss"] for r in read_log(tmp_path)] == [2.0, 1.5, 0.0]


def test_missing_tensorboard_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(run_log.sys.modules, "torch.utils.tensorboard", None)  # type: ignore[attr-defined]
    with pytest.raises(MissingDependency, match="pip install"):
        RunLog(tmp_path, step=0, tensorboard=True)


def test_progress_is_drawn_on_a_terminal_alone() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        line = StepLine(total=4, done=2, stream=stream)
        line.update(4, 0.5)
        line.clear()
        assert ("step 4 of 4  loss 0.500" in stream.getvalue()) is shown
    assert StepLine(100, 0, io.StringIO()).line(25, 0.5, 60) == (
        "step 25 of 100  loss 0.500  3:00 left"
    )
