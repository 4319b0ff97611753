from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")

import torch

from facetell.errors import FacetellError, ModelMismatch, OutputError, UsageError
from facetell.train.checkpoint import BEST, CHECKPOINT, read_averaged, read_tensors
from facetell.train.config import Mix, RunConfig
from facetell.train.dataset import BatchDataset
from facetell.train.loop import train
from facetell.train.objective import Objective
from facetell.train.parts import read_parts
from facetell.train.processes import Processes
from facetell.train.run_log import read_log
from facetell.train.run_state import RunState, freeze_batch_norm, make_detector
from facetell.train.store import Store
from tests.train.made_store import make_store
from tests.train.tiny_encoder import NAME, add_tiny_encoder

MIX = Mix(pairs=2, stills=0, blended=1, twins=1, clips=0, blended_clips=0, time=2)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    add_tiny_encoder(monkeypatch)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("store") / "s")


@pytest.fixture
def config(store: Path) -> RunConfig:
    return RunConfig(
        store=store, encoder=NAME, side_px=32, hidden=4, steps=6, warmup=1, last_rate=1.0,
        evaluate_every=3, save_every=1, device="cpu", workers=0, mix=MIX,
    )  # fmt: skip


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(torch.equal(one[k], other[k]) for k in one)


class Killed(Exception):
    """Stands for a kill."""


def stop_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = RunState.advance

    def stopping(state: RunState, batches: Any) -> float:
        if state.step == step:
            raise Killed
        return advance(state, batches)

    monkeypatch.setattr(RunState, "advance", stopping)


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("stopped_at", [2, 4])
def test_a_killed_run_goes_on_exactly(
    config: RunConfig, tmp_path: Path, accumulate: int, stopped_at: int
) -> None:
    config = replace(config, accumulate=accumulate, patience=9)
    whole = train(config, tmp_path / "whole").state_dict()
    with pytest.MonkeyPatch.context() as patch:
        stop_at(stopped_at, patch)
        with pytest.raises(Killed):
            train(config, tmp_path / "parts")
    assert same(whole, train(config, tmp_path / "parts").state_dict())
    states = [read_tensors(tmp_path / run / CHECKPOINT) for run in ("whole", "parts")]
    assert same(states[0]["objective"], states[1]["objective"])
    assert states[0]["best"] == states[1]["best"]
    logs = [read_log(tmp_path / run) for run in ("whole", "parts")]
    for log in logs:
        for record in log:
            del record["seconds"]
    assert logs[0] == logs[1]


def test_a_run_learns_and_keeps_its_best_weights(config: RunConfig, tmp_path: Path) -> None:
    config = replace(config, steps=60, evaluate_every=20, encoder_rate=1e-2, head_rate=1e-2)
    model = train(config, tmp_path)
    looks = {int(r["step"]): r for r in read_log(tmp_path) if "auc" in r}
    assert sorted(looks) == [20, 40, 60]
    best = max(looks, key=lambda step: (looks[step]["auc"], step))
    assert looks[best]["auc"] > 0.9
    assert same(model.state_dict(), read_averaged(tmp_path / f"averaged-{best}.pt"))
    assert same(model.state_dict(), read_averaged(tmp_path / BEST))


def test_it_stops_early_when_validation_gets_no_better(config: RunConfig, tmp_path: Path) -> None:
    config = replace(
        config, steps=40, warmup=0, encoder_rate=0.0, head_rate=0.0, ema=0.0,
        tune_batch_norm=False, evaluate_every=2, patience=3,
    )  # fmt: skip
    train(config, tmp_path)  # nothing moves, so that no look beats the first
    assert [int(r["step"]) for r in read_log(tmp_path) if "auc" in r] == [2, 4, 6, 8]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["stopped_early"] is True
    assert summary["steps"] == 8
    train(config, tmp_path)  # and goes no further when it is started again
    assert read_log(tmp_path)[-1]["step"] == 8


def test_a_step_of_two_batches_is_the_mean_of_both(config: RunConfig, tmp_path: Path) -> None:
    config = replace(config, tune_batch_norm=False, dropout=0.0, steps=1, warmup=0)
    train(replace(config, accumulate=2), tmp_path / "two")
    gradients = []
    for number in (0, 1):
        state = RunState(config, torch.device("cpu"), Processes())
        freeze_batch_norm(state.model.train())
        data = batches(config)
        state._backward(number, data[number], last=True)
        gradients.append([p.grad for p in state.objective.parameters()])
    state = RunState(config, torch.device("cpu"), Processes())
    for parameter, one, other in zip(state.objective.parameters(), *gradients, strict=True):
        assert one is not None
        assert other is not None
        parameter.grad = (one + other) / 2
    for group in state.optimizer.param_groups:
        group["lr"] = group["peak"]
    torch.nn.utils.clip_grad_norm_(state.objective.parameters(), 5.0)
    state.optimizer.step()
    found = read_tensors(tmp_path / "two" / CHECKPOINT)["objective"]
    for key, value in state.objective.state_dict().items():
        assert torch.allclose(found[key], value, atol=2e-5), key


def batches(config: RunConfig) -> BatchDataset:
    store = Store(config.store)
    records = read_parts(store).train
    return BatchDataset(store, records, config.mix, config.side_px, config.seed, 9)


def test_it_refuses_a_folder_with_another_run(config: RunConfig, tmp_path: Path) -> None:
    train(replace(config, steps=2), tmp_path)
    with pytest.raises(UsageError, match=r"another seed: give another --out"):
        train(replace(config, seed=7), tmp_path)
    train(replace(config, steps=3), tmp_path)  # a longer one may go on


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(replace(config, steps=2), tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()
    forward = Objective.forward
    monkeypatch.setattr(Objective, "forward", lambda *given: forward(*given) * float("nan"))
    with pytest.raises(FacetellError, match=r"loss is nan at step 2: lower the learning rates"):
        train(config, tmp_path)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_full_disk_ends_the_run_and_keeps_the_checkpoint(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(replace(config, steps=2), tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def no_room(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OutputError, match=r"No space left on device.*checkpoint is intact"):
        train(config, tmp_path)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert not list(tmp_path.glob("*.part"))
    monkeypatch.undo()
    add_tiny_encoder(monkeypatch)
    train(config, tmp_path)
    assert read_log(tmp_path)[-1]["step"] == 6


def test_a_run_begins_with_the_weights_of_an_earlier_one(config: RunConfig, tmp_path: Path) -> None:
    first = train(config, tmp_path / "first").state_dict()
    start = str(tmp_path / "first" / BEST)
    assert same(first, make_detector(replace(config, start=start)).state_dict())
    other = make_detector(replace(config, start=start, temporal="gru")).state_dict()
    kept = [k for k in other if not k.startswith("temporal.")]
    assert all(torch.equal(first[k], other[k]) for k in kept)
    with pytest.raises(ModelMismatch, match="another network"):
        make_detector(replace(config, encoder="efficientnet_lite0", start=start))


def test_a_single_encoders_run_starts_the_trained_half_of_a_pair(tmp_path: Path) -> None:
    config = RunConfig(store=tmp_path, hidden=4)
    first = make_detector(config).state_dict()
    torch.save({"averaged": first}, tmp_path / "averaged-1.pt")
    start = str(tmp_path / "averaged-1.pt")
    pair = make_detector(replace(config, encoder="efficientnet_lite0_pair", start=start))
    for key in (k for k in first if k.startswith("encoder.")):
        half = key.replace("encoder.", "encoder.trained.", 1)
        assert torch.equal(first[key], pair.state_dict()[half])


@pytest.mark.parametrize("tuned", [True, False])
def test_batch_normalisation_learns_its_statistics_where_asked(
    config: RunConfig, tmp_path: Path, tuned: bool
) -> None:
    config = replace(config, tune_batch_norm=tuned)
    before, after = make_detector(config).state_dict(), train(config, tmp_path).state_dict()
    assert torch.equal(before["encoder.norm.running_mean"], after["encoder.norm.running_mean"]) != (
        tuned
    )


def test_frozen_blocks_stay_as_they_are(config: RunConfig, tmp_path: Path) -> None:
    torch.manual_seed(config.seed)
    before = make_detector(config).state_dict()
    after = train(replace(config, frozen=1), tmp_path).state_dict()
    still = {k for k in before if torch.equal(before[k], after[k])}
    assert still == {k for k in before if k.startswith(("encoder.first", "encoder.norm"))}


def test_the_head_over_time_can_be_trained_alone(config: RunConfig, tmp_path: Path) -> None:
    config = replace(config, temporal_only=True, temporal="lstm_weighting")
    torch.manual_seed(config.seed)
    before = make_detector(config).state_dict()
    after = train(config, tmp_path).state_dict()
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    assert changed
    assert all(key.startswith("temporal.") for key in changed)


def test_event_files_are_written_where_asked(config: RunConfig, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    train(replace(config, tensorboard=True, steps=3), tmp_path)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [e.step for e in events.Scalars("train_loss")] == [1, 2, 3]
    assert events.Scalars("auc")[0].value == pytest.approx(read_log(tmp_path)[-1]["auc"])
