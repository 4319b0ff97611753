from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")

import torch

from facetell.errors import UsageError
from facetell.train.checkpoint import CHECKPOINT, read_tensors
from facetell.train.config import Mix, RunConfig
from facetell.train.loop import train
from facetell.train.processes import Processes
from facetell.train.run_log import read_log
from tests.train.made_store import make_store
from tests.train.tiny_encoder import NAME, add_tiny_encoder

ROOT = Path(__file__).parents[2]
MIX = Mix(pairs=2, stills=0, blended=1, twins=1, clips=0, blended_clips=0, time=2)


def spread(config: RunConfig, out: Path) -> None:
    """Run it in two processes that torchrun starts."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "tests.train.spread_run", json.dumps(config.as_record()), str(out)]
    quiet = {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_two_processes_come_to_the_result_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tiny_encoder(monkeypatch)
    config = RunConfig(
        store=make_store(tmp_path / "store"), encoder=NAME, side_px=32, hidden=4, steps=4,
        accumulate=2, warmup=1, evaluate_every=2, tune_batch_norm=False, device="cpu", workers=0,
        mix=MIX,
    )  # fmt: skip
    train(config, tmp_path / "one")
    # a run of one process stopped half-way goes on in two
    train(replace(config, steps=2), tmp_path / "two")
    spread(config, tmp_path / "two")
    spread(config, tmp_path / "both")
    states = {run: read_tensors(tmp_path / run / CHECKPOINT) for run in ("one", "both", "two")}
    begin = train(replace(config, steps=1, head_rate=0.0, encoder_rate=0.0), tmp_path / "begin")
    moved = 0.0
    for key, value in states["one"]["averaged"].items():
        assert torch.allclose(states["both"]["averaged"][key], value, atol=1e-4), key
        moved = max(moved, float((value - begin.state_dict()[key]).abs().max()))
    assert moved > 1e-3  # or they would be equal whatever was done
    assert states["two"]["step"] == 4
    logs = [read_log(tmp_path / run) for run in ("one", "both")]
    assert [r["step"] for r in logs[1]] == [r["step"] for r in logs[0]]
    assert logs[1][-1]["train_loss"] == pytest.approx(logs[0][-1]["train_loss"], abs=1e-3)
    assert logs[1][-1]["auc"] == pytest.approx(logs[0][-1]["auc"], abs=0.05)


def test_a_steps_batches_are_shared_out() -> None:
    shares = [Processes(rank, 3).share(6) for rank in range(3)]
    assert shares == [[0, 3], [1, 4], [2, 5]]
    with pytest.raises(UsageError, match="multiple of 3"):
        Processes(0, 3).share(4)


def test_alone_nothing_is_exchanged() -> None:
    tensor = torch.ones(2)
    Processes().average([tensor])
    assert tensor.tolist() == [1, 1]
    assert Processes().agree(True, torch.device("cpu"))
    assert Processes().leads
