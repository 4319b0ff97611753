"""One straight training loop: batches in, a checkpoint and a log out; it resumes exactly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Subset

from facetell.model.detector import Detector
from facetell.train.checkpoint import BEST, CHECKPOINT, claim_folder, read_averaged, save_tensors
from facetell.train.config import REGRESSION, RunConfig
from facetell.train.dataset import Batch, BatchDataset
from facetell.train.device import choose_device
from facetell.train.fit_heads import fit_frame_head
from facetell.train.parts import Parts, read_parts
from facetell.train.processes import Processes, joined_processes
from facetell.train.run_log import RunLog, StepLine, read_log
from facetell.train.run_report import write_report
from facetell.train.run_state import RunState, make_detector
from facetell.train.store import Store
from facetell.train.validation import Validation, watched


@dataclass(frozen=True, slots=True)
class Data:
    """What a run learns from and is measured on."""

    store: Store
    parts: Parts
    validation: Validation


def train(config: RunConfig, out: Path) -> Detector:
    """Train a detector, or go on with a run that was stopped.

    Args:
        config: the run.
        out: its folder; a checkpoint in it is resumed from.

    Returns:
        The detector with the averaged weights that validation liked best, in evaluation mode.

    Raises:
        UsageError: `out` holds a run of another configuration, or the data lack what the run
            asks for.
        OutputError: the disk is full; the last checkpoint is intact.
        FacetellError: the loss is not finite; the last checkpoint is intact.
    """
    device = choose_device(config.device)
    with joined_processes(device) as processes:
        if processes.leads:
            claim_folder(config, out)
        if config.threads:
            torch.set_num_threads(config.threads)
        data = _open_data(config)
        if config.heads == REGRESSION:
            return _fit(config, out, data, device)
        return _Training(config, out, data, device, processes).run()


def _open_data(config: RunConfig) -> Data:
    store = Store(config.store)
    parts = read_parts(store, config.split, config.fold)
    most, time_ = config.validation_clips, config.mix.time
    return Data(store, parts, Validation(store, parts.validation, config.side_px, time_, most))


def _fit(config: RunConfig, out: Path, data: Data, device: torch.device) -> Detector:
    """Fit the heads of an encoder that stays as it begins; log it as a run of one step."""
    torch.manual_seed(config.seed)
    model = make_detector(config).to(device).eval()
    found = fit_frame_head(model, data.store, data.parts.train, config, device, out)
    look = data.validation.look(model, device)
    log = RunLog(out, step=0)
    log.add({"step": 1, **found, **look.as_record()})
    log.close()
    save_tensors(out / BEST, {"averaged": model.state_dict()})
    save_tensors(out / CHECKPOINT, {"averaged": model.state_dict(), "step": 1})
    write_report(config, out, read_log(out))
    return model


class _Training:
    """A run by gradient descent."""

    def __init__(
        self, config: RunConfig, out: Path, data: Data, device: torch.device, processes: Processes
    ) -> None:
        self._config, self._out, self._data = config, out, data
        self._device, self._processes = device, processes
        self._own = processes.share(config.accumulate)
        self._state = RunState(config, device, processes)
        self._state.load(out / CHECKPOINT)
        self._log = None
        if processes.leads:
            self._log = RunLog(out, self._state.step, config.tensorboard)
        self._begun_s = time.monotonic()

    def run(self) -> Detector:
        state, config = self._state, self._config
        line = StepLine(config.steps, state.step)
        stopping = self._is_over()
        batches = self._batches() if not stopping else iter(())
        for step_batches in batches:
            loss = state.advance(step_batches)
            if self._log is not None:
                line.update(state.step, loss)
            stopping = self._pause()
            if stopping:
                break
        line.clear()
        return self._finish()

    def _pause(self) -> bool:
        """Look, log and save where it is time to; tell whether the run is over."""
        state, config = self._state, self._config
        last = state.step == config.steps
        looks = last or state.step % config.evaluate_every == 0
        if self._log is not None and (looks or state.step % config.save_every == 0):
            seconds = time.monotonic() - self._begun_s
            record = {"step": float(state.step), "train_loss": state.loss, "seconds": seconds}
            if looks:
                record |= self._look()
            self._log.add(record)
            state.save(self._out / CHECKPOINT)
        return self._processes.agree(self._is_over(), self._device) if looks else False

    def _look(self) -> dict[str, float]:
        state = self._state
        found = self._data.validation.look(state.averaged.eval(), self._device).as_record()
        weights = {"averaged": state.averaged.state_dict()}
        save_tensors(self._out / f"averaged-{state.step}.pt", weights)
        if state.best.takes(watched(found, self._config.watch), state.step):
            save_tensors(self._out / BEST, weights)
        return found

    def _is_over(self) -> bool:
        state, config = self._state, self._config
        tired = config.patience and state.best.waited >= config.patience
        return state.step >= config.steps or bool(tired)

    def _batches(self) -> Iterator[list[tuple[int, Batch]]]:
        """Yield this process' batches of each step, with their numbers in the run."""
        config = self._config
        each, begin = config.accumulate, self._state.step
        count = config.steps * each
        data = BatchDataset(
            self._data.store, self._data.parts.train, config.mix, config.batch_side_px,
            config.seed, count,
        )  # fmt: skip
        numbers = [step * each + k for step in range(begin, config.steps) for k in self._own]
        # workers make batches while the main process computes; each opens the store's files itself
        loader = DataLoader(
            Subset(data, numbers),
            batch_size=None,
            num_workers=config.workers,
            prefetch_factor=4 if config.workers else None,
        )
        numbered = zip(numbers, loader, strict=True)
        while step_batches := list(islice(numbered, len(self._own))):
            yield step_batches

    def _finish(self) -> Detector:
        model = self._state.averaged
        if self._log is not None:
            self._log.close()
            best = self._out / BEST
            if best.exists():
                model.load_state_dict(read_averaged(best))
            write_report(self._config, self._out, read_log(self._out))
        return model.eval()
