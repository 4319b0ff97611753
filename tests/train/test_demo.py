from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")
pytest.importorskip("matplotlib")
# torch's exporter warns of itself, its loader of forking
pytestmark = pytest.mark.filterwarnings("ignore")

from facetell.cli import main  # noqa: E402
from facetell.runtime import open_session  # noqa: E402
from facetell.train.demo_data import write_demo_data  # noqa: E402
from facetell.train.layouts import read_source  # noqa: E402
from facetell.train.parts import part_media, read_parts  # noqa: E402
from facetell.train.run_log import read_log  # noqa: E402
from facetell.train.store import Store  # noqa: E402

ROOT = Path(__file__).parents[2]


def test_the_demo_goes_from_videos_to_a_graph(tmp_path: Path) -> None:
    """What `make train-demo` does, on fewer clips and for fewer steps."""
    data, store, run, graph = (tmp_path / n for n in ("data", "store", "run", "demo.onnx"))
    split = tmp_path / "split.json"
    write_demo_data(data, (1.0,))
    recipe = tmp_path / "demo.toml"
    text = (ROOT / "recipes/demo.toml").read_text()
    text = text.replace("../runs/demo/", "").replace("steps = 60", "steps = 20")
    recipe.write_text(text)
    assert main(["prepare", str(data), str(store), "--crops", "no", "--workers", "1"]) == 0
    shares = ["--validation", "0.25", "--test", "0"]
    assert main(["split", str(store), "--out", str(split), "--by", "group", *shares]) == 0
    parts = read_parts(Store(store), str(split))
    assert (len(parts.train), len(parts.validation)) == (12, 4)  # a second for validation
    files = part_media(read_source(data)[2].media, "data", split)
    assert {m.file for m in files if m.part == "validation"} == {r.file for r in parts.validation}
    assert main(["train", str(recipe), "--out", str(run)]) == 0
    assert main(["export", str(recipe), str(run), str(graph)]) == 0
    log = read_log(run)
    assert log[-1]["step"] == 20
    assert log[-1]["train_loss"] < log[0]["train_loss"]
    summary = json.loads((run / "summary.json").read_text())
    assert summary["best"]["step"] == 20
    assert (run / "summary.html").read_text().startswith("<!doctype html>")
    pixels, mask = np.zeros((1, 3, 3, 96, 96), np.uint8), np.ones((1, 3), np.float32)
    scores = open_session(graph).run({"pixels": pixels, "mask": mask})
    assert scores["clip_logit"].shape == (1,)


def test_make_runs_the_same_steps() -> None:
    lines = re.search(r"^train-demo:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert lines
    assert re.findall(r"(demo_data|facetell \w+) ", lines[1]) == [
        "demo_data", "facetell prepare", "facetell split", "facetell train", "facetell export",
    ]  # fmt: skip
