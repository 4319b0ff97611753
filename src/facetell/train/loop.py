"""One straight training loop: batches in, a checkpoint and a log out; it resumes exactly."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset

from facetell.errors import FacetellError, UsageError
from facetell.model.detector import Detector
from facetell.model.encoders import Encoder, EncoderPair
from facetell.train.config import RunConfig
from facetell.train.dataset import Batch, BatchDataset
from facetell.train.old_store import Store

CHECKPOINT, LOG, CONFIG = "checkpoint.pt", "log.jsonl", "config.json"
SAVE_EVERY = 25
RATES = {"encoder_rate", "head_rate", "rank_weight", "frozen", "tune_batch_norm"}
SCHEDULE = {"steps", "warmup", "decay", "threads", "evaluate_every"} | RATES
"""What may change when a run is resumed: how long and how fast it goes on, and where."""

Evaluate = Callable[[Detector], dict[str, float]]


def train(config: RunConfig, out: Path, evaluate: Evaluate | None = None) -> Detector:
    """Train a detector, or go on with a run that was stopped.

    Args:
        config: the run.
        out: its folder; a checkpoint in it is resumed from.
        evaluate: called with the averaged model every `evaluate_every` steps.

    Returns:
        The detector with averaged weights, in evaluation mode.

    Raises:
        UsageError: `out` holds a run of another configuration.
        FacetellError: the loss is not finite.
    """
    out.mkdir(parents=True, exist_ok=True)
    _guard_config(config, out)
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    run = _Run(config)
    run.load(out / CHECKPOINT)
    data = BatchDataset(Store(config.store), config.mix, config.side_px, config.seed, config.steps)
    started = time.monotonic()
    for step, batch in _batches(data, run.step):
        loss = run.advance(step, batch)
        last = step + 1 == config.steps
        if (step + 1) % SAVE_EVERY == 0 or last:
            record = {"step": step + 1, "loss": loss, "seconds": time.monotonic() - started}
            if (step + 1) % config.evaluate_every == 0 or last:
                record |= evaluate(run.averaged.eval()) if evaluate else {}
                torch.save({"averaged": run.averaged.state_dict()}, out / f"averaged-{step + 1}.pt")
            _append(out / LOG, record)
            run.save(out / CHECKPOINT)
    return run.averaged.eval()


def bce(logits: Tensor, is_fake: Tensor, smoothing: float) -> Tensor:
    """Return the binary cross-entropy of logits (N,) against labels (N,), one a row."""
    target = is_fake * (1 - 2 * smoothing) + smoothing
    return nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")


def rank_loss(logits: Tensor) -> Tensor:
    """Return how far fakes fail to score above the reals that they were made from.

    Scene, person and degradation are the same for both, so this asks for the forgery alone.

    Args:
        logits: (B,), real and fake of each group in turn.
    """
    real, fake = logits.view(-1, 2).unbind(1)  # (B/2,) each
    return nn.functional.softplus(real - fake).mean()


class _Run:
    """Everything that a checkpoint holds."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.model = make_detector(config)
        self.averaged = make_detector(config)
        self.averaged.load_state_dict(self.model.state_dict())
        encoding = list(self.model.encoder.parameters())
        heads = [p for n, p in self.model.named_parameters() if not n.startswith("encoder.")]
        groups = [
            {"params": encoding, "peak": config.encoder_rate},
            {"params": heads, "peak": config.head_rate},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=config.weight_decay)
        encoder = cast(Encoder, self.model.encoder)
        still = [self.model.encoder] if config.heads_only else encoder.untrained(config.frozen)
        self._still = nn.ModuleList(still).requires_grad_(False)
        self.step = 0
        self._loss = 0.0

    def advance(self, step: int, batch: Batch) -> float:
        """Take one optimiser step; return the running mean of the loss."""
        # dropout too depends on seed and step alone, however often the run was stopped
        torch.manual_seed(self.config.seed * 1_000_003 + step)
        self.model.train()
        self._still.eval() if self.config.tune_batch_norm else freeze_batch_norm(self.model)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * self.config.rate_at(step)
        with torch.autocast("cpu", torch.bfloat16):
            clip, frames, _ = self.model.logits(batch.pixels, batch.mask)
        loss = self._objective(clip.float(), frames.float(), batch)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FacetellError(f"the loss is {value} at step {step}: lower the learning rates")
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self._average()
        self.step = step + 1
        self._loss = value if step == 0 else 0.98 * self._loss + 0.02 * value
        return self._loss

    def _objective(self, clip: Tensor, frames: Tensor, batch: Batch) -> Tensor:
        smoothing = self.config.label_smoothing
        labels = batch.is_fake.unsqueeze(1).expand_as(frames)
        each = bce(frames, labels, smoothing) * batch.mask  # (B, T)
        right = each.sum() / batch.mask.sum() + bce(clip, batch.is_fake, smoothing).mean()
        by_frame = (frames * batch.mask).sum(1) / batch.mask.sum(1)  # (B,)
        return right + self.config.rank_weight * (rank_loss(clip) + rank_loss(by_frame))

    @torch.no_grad()
    def _average(self) -> None:
        # early on the average would be mostly the start: let it follow faster
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step))
        for kept, new in zip(self.averaged.parameters(), self.model.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)
        for mine, its in zip(self.averaged.buffers(), self.model.buffers(), strict=True):
            mine.copy_(its)  # the statistics of batch normalisation are averages already

    def state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "loss": self._loss,
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def save(self, path: Path) -> None:
        half_written = path.with_suffix(".tmp")
        torch.save(self.state(), half_written)
        half_written.replace(path)

    def load(self, path: Path) -> None:
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self._loss = state["step"], state["loss"]


def make_detector(config: RunConfig) -> Detector:
    """Return the detector of a run at its start: the weights are those that the run names."""
    model = Detector(config.encoder, config.hidden, config.dropout, config.temporal)
    if config.init:
        state = torch.load(config.init, map_location="cpu", weights_only=True)
        cast(Encoder, model.encoder).load_imagenet(state)
    if config.start:
        load_start(model, Path(config.start))
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def load_averaged(model: Detector, path: Path) -> None:
    """Read the averaged weights of a checkpoint or of an `averaged-N.pt`; no code is run."""
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["averaged"])


def load_start(model: Detector, path: Path) -> None:
    """Begin with an earlier run's averaged weights; a single encoder's go into a pair's half."""
    state = torch.load(path, map_location="cpu", weights_only=True)["averaged"]
    single = not any(key.startswith("encoder.trained.") for key in state)
    if isinstance(model.encoder, EncoderPair) and single:
        prefix = "encoder."
        half = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        model.encoder.trained.load_state_dict(half)
    else:
        model.load_state_dict(state)


def freeze_batch_norm(model: nn.Module) -> None:
    """Keep the statistics that each batch normalisation has."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _batches(data: BatchDataset, start: int) -> Iterator[tuple[int, Batch]]:
    rest = Subset(data, range(start, len(data)))
    # one worker makes batches while the main process computes; forked, so the store is shared
    loader = DataLoader(rest, batch_size=None, num_workers=1, prefetch_factor=4)
    yield from enumerate(loader, start)


def _guard_config(config: RunConfig, out: Path) -> None:
    path, record = out / CONFIG, config.as_record()
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        changed = [k for k in record if k not in SCHEDULE and record[k] != before.get(k)]
        if changed:
            raise UsageError(f"{out} holds a run with another {', '.join(changed)}: use a new one")
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _append(path: Path, record: dict[str, float]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
