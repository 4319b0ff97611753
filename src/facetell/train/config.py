"""One training run, read from one TOML file; an unknown key is an error."""

from __future__ import annotations

import math
import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from facetell.errors import InputNotFound, UsageError
from facetell.model.public_weights import find_weights
from facetell.records import read_record

TRAINED, REGRESSION = "trained", "regression"
IMAGENET = "imagenet"


@dataclass(frozen=True, slots=True)
class Mix:
    """How many groups (a real and a fake each) of each kind a batch holds.

    Attributes:
        pairs: a frame of a fake and the same moment of its original.
        stills: a frame of any fake and one of any real, half the time of its own source.
        blended: a frame of a real and its self-blended fake.
        decoded: a frame of a real and what an autoencoder made of it, whole or inside a mask.
        synthetic: a wholly synthetic face and a real one.
        twins: `time` frames of a fake and the same moments of its original.
        clips: `time` frames of any fake and of any real, half the time of its own source.
        blended_clips: `time` frames of a real and their self-blended fakes.
        time: frames of a clip.
    """

    pairs: int = 5
    stills: int = 0
    blended: int = 3
    decoded: int = 0
    synthetic: int = 0
    twins: int = 1
    clips: int = 1
    blended_clips: int = 1
    time: int = 3

    def __post_init__(self) -> None:
        if min(asdict(self).values()) < 0 or self.time < 1 or self.groups < 1:
            raise ValueError("a batch holds at least one group, a clip at least one frame")

    @property
    def groups(self) -> int:
        """How many groups a batch holds."""
        counts: list[int] = list(asdict(self).values())
        return sum(counts) - self.time


@dataclass(frozen=True, slots=True)
class Teacher:
    """A better model that the student imitates; see `facetell.train.distill`.

    Attributes:
        model: an exported graph (.onnx), or another run's averaged weights; empty for none.
        side_px: the teacher's input side; batches are made for the larger of both sides.
        logits: weight of the loss on the frames' logits.
        features: weight of the loss on the frames' features.
    """

    model: str = ""
    side_px: int = 224
    logits: float = 1.0
    features: float = 1.0


@dataclass(frozen=True, slots=True)
class Regression:
    """How `heads = "regression"` fits the frame head; see `facetell.train.fit_heads`.

    Attributes:
        copies: degraded copies of each crop, beside the undegraded one.
        frames: most frames taken of a clip, evenly spaced.
        folds: of the cross-validation that chooses among `strengths`.
        strengths: inverse strengths of the regularisation, against weights that sum up to 1.
    """

    copies: int = 2
    frames: int = 8
    folds: int = 5
    strengths: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)

    def __post_init__(self) -> None:
        if self.copies < 0 or self.frames < 1 or self.folds < 2:
            raise ValueError("give copies from 0, frames from 1, folds from 2")
        if not self.strengths or min(self.strengths) <= 0:
            raise ValueError("give at least one strength, all above 0")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that a training run depends on.

    Attributes:
        store: folder that `facetell prepare` wrote.
        split: file that `facetell split` made; empty for the parts that the data sets name.
        fold: of a split with folds, which one is validation, from 0; -1 without folds.
        heads: `trained` with the encoder by gradient descent, or `regression`: the frame head
            fitted to the features of the encoder as it begins.
        encoder: see `facetell.model.encoders`.
        init: file with the encoder's public weights, or "imagenet" for those that
            `facetell init-weights` got; empty for random ones.
        start: weights of an earlier run (its `averaged-N.pt` or `best.pt`) to begin with instead;
            where that run had one encoder and this one a pair, they are its trained half's and
            `init` is the other's. A head of another kind begins anew.
        temporal: the head over time, see `facetell.model.temporal`.
        hidden: its width.
        dropout: before each linear layer.
        side_px: input side.
        seed: of every draw.
        device: `auto`, or one of torch's names, such as `cpu`, `cuda:1`, `mps`.
        steps: optimiser steps.
        accumulate: batches that each step averages the gradient over; with several processes a
            multiple of their number, which share them.
        warmup: steps of linear warm-up; the rates then fall along a cosine.
        last_rate: what they fall to, share of their peaks; 1 keeps them level.
        encoder_rate, head_rate: AdamW's peak learning rates.
        heads_only: leave the encoder as it begins and train what comes after it.
        temporal_only: leave the frame head as it begins too, and train the head over time alone.
        frozen: how many early blocks of the encoder (and its stem) stay as they are; a third of
            the time is theirs.
        tune_batch_norm: learn the statistics of batch normalisation too; without it they stay
            as they began, which suits small or very uneven batches.
        weight_decay: AdamW's.
        ema: decay of the averaged weights, which are what is kept.
        rank_weight: weight of the loss that compares a fake with its real.
        label_smoothing: labels become this and one minus it.
        evaluate_every: steps between two looks at validation.
        validation_clips: how many clips of validation each look takes, at most.
        watch: the number of validation that tells which weights are the best.
        patience: looks without a better `watch` after which the run stops early; 0 for never.
        save_every: steps between two checkpoints.
        tensorboard: write TensorBoard's event files too.
        threads: CPU threads; 0 leaves it to torch.
        workers: processes that make batches; 0 makes them between the steps.
        mix: what a batch holds.
        teacher: whom to imitate.
        regression: used with `heads = "regression"`.
    """

    store: Path
    split: str = ""
    fold: int = -1
    heads: str = TRAINED
    encoder: str = "efficientnet_lite0"
    init: str = ""
    start: str = ""
    temporal: str = "lstm"
    hidden: int = 256
    dropout: float = 0.3
    side_px: int = 224
    seed: int = 0
    device: str = "auto"
    steps: int = 2000
    accumulate: int = 1
    warmup: int = 100
    last_rate: float = 0.0
    encoder_rate: float = 3e-4
    head_rate: float = 1e-3
    heads_only: bool = False
    temporal_only: bool = False
    frozen: int = 0
    tune_batch_norm: bool = True
    weight_decay: float = 0.02
    ema: float = 0.998
    rank_weight: float = 1.0
    label_smoothing: float = 0.02
    evaluate_every: int = 250
    validation_clips: int = 600
    watch: str = "auc"
    patience: int = 0
    save_every: int = 25
    tensorboard: bool = False
    threads: int = 0
    workers: int = 1
    mix: Mix = Mix()
    teacher: Teacher = Teacher()
    regression: Regression = Regression()

    def __post_init__(self) -> None:
        _require(self.steps >= 1, "steps: at least 1")
        _require(0 <= self.warmup <= self.steps, "warmup: 0 to steps")
        _require(1 <= self.hidden <= 512, "hidden: 1 to 512")
        _require(16 <= self.side_px <= 1024, "side_px: 16 to 1024")
        _require(self.side_px % 2 == 0, "side_px: even, as H.264 needs it")
        _require(0 <= self.last_rate <= 1, "last_rate: 0 to 1")
        _require(0 <= self.dropout < 1, "dropout: 0 up to 1")
        _require(0 <= self.ema < 1, "ema: 0 up to 1")
        _require(0 <= self.label_smoothing < 0.5, "label_smoothing: 0 up to 0.5")
        counts = "accumulate", "evaluate_every", "save_every", "validation_clips"
        for name in counts:
            _require(getattr(self, name) >= 1, f"{name}: at least 1")
        for name in ("patience", "threads", "workers", "frozen"):
            _require(getattr(self, name) >= 0, f"{name}: 0 or more")
        _require(self.heads in (TRAINED, REGRESSION), f"heads: {TRAINED} or {REGRESSION}")
        if self.heads == REGRESSION:
            _require(self.temporal == "mean", 'heads = "regression" goes with temporal = "mean"')

    @property
    def batch_side_px(self) -> int:
        """Side of the crops that a batch holds: the teacher may look closer than the student."""
        return max(self.side_px, self.teacher.side_px if self.teacher.model else 0)

    def rate_at(self, step: int) -> float:
        """Return the factor of the learning rates at a step, 0–1."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = (step - self.warmup) / max(self.steps - self.warmup, 1)
        return self.last_rate + (1 - self.last_rate) * (1 + math.cos(math.pi * done)) / 2

    def as_record(self) -> dict[str, Any]:
        """Return plain values, for the copy beside the checkpoint."""
        return {**asdict(self), "store": str(self.store)}


def read_config(path: Path) -> RunConfig:
    """Read a run's TOML; paths in it are relative to it.

    Raises:
        InputNotFound: there is no such file.
        UsageError: not TOML, or a key or value that is unknown.
    """
    if not path.is_file():
        raise InputNotFound(f"{path}: no such file; see recipes/ for examples")
    try:
        config = read_record(RunConfig, tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from error
    folder = path.parent
    return replace(
        config,
        store=folder / config.store,
        split=_beside(folder, config.split),
        init=_init(folder, config),
        start=_beside(folder, config.start),
        teacher=replace(config.teacher, model=_beside(folder, config.teacher.model)),
    )


def _init(folder: Path, config: RunConfig) -> str:
    if config.init == IMAGENET:
        return str(find_weights(config.encoder))
    return _beside(folder, config.init)


def _beside(folder: Path, name: str) -> str:
    return str(folder / name) if name else ""


def _require(holds: bool, expected: str) -> None:
    if not holds:
        raise ValueError(expected)
