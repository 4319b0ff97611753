"""Everything that a run is made of and its checkpoint holds: weights, optimiser, best look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from facetell.errors import CorruptMedia, FacetellError, ModelMismatch
from facetell.model.detector import Detector
from facetell.model.encoders import Encoder, EncoderPair
from facetell.train.checkpoint import read_averaged, read_tensors, save_tensors
from facetell.train.config import RunConfig
from facetell.train.dataset import Batch
from facetell.train.distill import load_teacher
from facetell.train.objective import Objective, follow
from facetell.train.processes import Processes

LARGEST_GRADIENT = 5.0
QUICK = 0.1
"""Share of a batch in the statistics of batch normalisation, where weights begin at random."""


@dataclass(slots=True)
class BestLook:
    """The best value of the watched number, when it was, and how many looks have passed since."""

    value: float = -math.inf
    step: int = 0
    waited: int = 0

    def takes(self, value: float, step: int) -> bool:
        """Take note of a look; tell whether its weights are to be kept as the best.

        Of equal looks the later one is kept, but it is no progress.
        """
        self.waited = 0 if value > self.value else self.waited + 1
        best = value >= self.value
        if best:
            self.value, self.step = value, step
        return best


class RunState:
    """Takes the steps of a run.

    Args:
        config: the run.
        device: where to compute.
        processes: who takes part.
    """

    def __init__(self, config: RunConfig, device: torch.device, processes: Processes) -> None:
        self.config, self.device, self._processes = config, device, processes
        teacher = config.teacher if config.teacher.model else None
        self._teacher = load_teacher(teacher, device, config.threads) if teacher else None
        torch.manual_seed(config.seed)
        self.model = make_detector(config).to(device)
        self.averaged = make_detector(config).to(device).requires_grad_(False)
        self.averaged.load_state_dict(self.model.state_dict())
        taught = self._teacher.features if self._teacher else 0
        self.objective = Objective(self.model, config, taught).to(device)
        encoder = cast(Encoder, self.model.encoder)
        alone = config.heads_only or config.temporal_only
        still = [self.model.encoder] if alone else encoder.untrained(config.frozen)
        if config.temporal_only:
            still.append(self.model.frame_head)
        self._still = nn.ModuleList(still).requires_grad_(False)
        self._shared = processes.wrap(self.objective, device)
        self.optimizer = self._make_optimizer()
        self.step, self.loss = 0, math.nan
        self.best = BestLook()

    def advance(self, batches: list[tuple[int, Batch]]) -> float:
        """Take one optimiser step on this process' batches, each with its number in the run.

        Returns:
            The running mean of the loss.

        Raises:
            FacetellError: the loss is not finite.
        """
        self.model.train()
        self._still.eval() if self.config.tune_batch_norm else freeze_batch_norm(self.model)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * self.config.rate_at(self.step)
        self.optimizer.zero_grad()
        total = torch.zeros(1, device=self.device)
        for place, (number, batch) in enumerate(batches):
            total += self._backward(number, batch, last=place + 1 == len(batches)) / len(batches)
        self._processes.average([total, *self._statistics()])
        self._check(value := total.item())
        nn.utils.clip_grad_norm_(self.objective.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        # early on the average would be mostly the start: let it follow faster
        follow(self.averaged, self.model, min(self.config.ema, (1 + self.step) / (10 + self.step)))
        self.step += 1
        self.loss = value if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * value
        return self.loss

    def _backward(self, number: int, batch: Batch, last: bool) -> Tensor:
        # dropout too depends on the seed and the batch alone, however often the run was stopped
        torch.manual_seed(self.config.seed * 1_000_003 + number)
        batch = batch.to(self.device)
        lesson = self._teacher.teach(batch.pixels, batch.mask) if self._teacher else None
        share = self.config.accumulate // self._processes.count
        with self._processes.gradients_stay(self._shared, not last):
            loss = self._shared(batch, lesson)
            (loss / share).backward()
        return cast(Tensor, loss.detach())

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise FacetellError(
                f"the loss is {loss} at step {self.step}: lower the learning rates or lengthen the "
                "warm-up; the last checkpoint is intact, and the same command goes on from it"
            )

    def _statistics(self) -> list[Tensor]:
        """Return what batch normalisation has gathered."""
        if not self.config.tune_batch_norm:
            return []
        return [b for b in self.model.buffers() if b.is_floating_point()]

    def _make_optimizer(self) -> torch.optim.AdamW:
        named = list(self.objective.named_parameters())
        encoding = [p for n, p in named if n.startswith("model.encoder.")]
        heads = [p for n, p in named if not n.startswith("model.encoder.")]
        groups = [
            {"params": encoding, "peak": self.config.encoder_rate},
            {"params": heads, "peak": self.config.head_rate},
        ]
        return torch.optim.AdamW(groups, lr=0.0, weight_decay=self.config.weight_decay)

    def save(self, path: Path) -> None:
        """Write the checkpoint.

        Raises:
            OutputError: it cannot be written; the last one stays.
        """
        best = self.best
        state: dict[str, Any] = {
            "step": self.step,
            "loss": self.loss,
            "objective": self.objective.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": [best.value, best.step, best.waited],
        }
        save_tensors(path, state)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one.

        Raises:
            CorruptMedia: it is damaged.
        """
        if not path.exists():
            return
        state = read_tensors(path)
        try:
            self.objective.load_state_dict(state["objective"])
            self.averaged.load_state_dict(state["averaged"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.loss = state["step"], state["loss"]
            self.best = BestLook(*state["best"])
        except (KeyError, RuntimeError, ValueError, TypeError) as error:
            raise CorruptMedia(f"{path}: no checkpoint of this version: {error}") from error


def make_detector(config: RunConfig) -> Detector:
    """Return the detector of a run at its start: the weights are those that the run names.

    Raises:
        UsageError: no such encoder or head.
        InputNotFound: a file of weights is missing.
        ModelMismatch: its weights are another network's.
    """
    model = Detector(config.encoder, config.hidden, config.dropout, config.temporal)
    if config.init:
        load_public(model, Path(config.init))
    if config.start:
        load_start(model, Path(config.start))
    if not config.init and not config.start:
        quicken_batch_norm(model)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def load_public(model: Detector, path: Path) -> None:
    """Read public weights into a detector's encoder.

    Raises:
        InputNotFound: there is no such file.
        CorruptMedia: it is no file of weights.
        ModelMismatch: its weights are another network's.
    """
    try:
        cast(Encoder, model.encoder).load_imagenet(read_tensors(path))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelMismatch(f"{path}: weights of another encoder: {reason}") from error


def load_averaged(model: Detector, path: Path) -> None:
    """Read the averaged weights of a run into a detector of its kind.

    Raises:
        InputNotFound: there is no such file.
        CorruptMedia: it holds none.
        ModelMismatch: they are another network's.
    """
    _load(model, read_averaged(path), path)


def load_start(model: Detector, path: Path) -> None:
    """Begin with an earlier run's averaged weights.

    A single encoder's go into a pair's trained half, and the heads then begin anew; so does a
    head over time of another kind.

    Raises:
        InputNotFound: there is no such file.
        CorruptMedia: it holds none.
        ModelMismatch: they are another encoder's.
    """
    state = read_averaged(path)
    single = not any(key.startswith("encoder.trained.") for key in state)
    if isinstance(model.encoder, EncoderPair) and single:
        prefix = "encoder."
        half = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        _load(model.encoder.trained, half, path)
        return
    own = {k: v for k, v in model.state_dict().items() if k.startswith("temporal.")}
    theirs = {k: v for k, v in state.items() if k.startswith("temporal.")}
    if {k: v.shape for k, v in own.items()} != {k: v.shape for k, v in theirs.items()}:
        state = {k: v for k, v in state.items() if k not in theirs} | own
    _load(model, state, path)


def _load(module: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelMismatch(f"{path}: weights of another network: {reason}") from error


def freeze_batch_norm(model: nn.Module) -> None:
    """Keep the statistics that each batch normalisation has."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def quicken_batch_norm(model: nn.Module) -> None:
    """Let statistics follow random weights, which move fast, at least at torch's own pace.

    EfficientNet's pace is a tenth of it: after 60 steps from random weights it called every clip
    of the demo alike, though the loss had halved.
    """
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = max(module.momentum or 0.0, QUICK)
