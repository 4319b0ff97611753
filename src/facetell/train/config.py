"""One training run, read from one TOML file; an unknown key is an error."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from facetell.errors import InputNotFound, UsageError
from facetell.train.dataset import Mix


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that a training run depends on.

    Attributes:
        store: folder that `facetell prepare` wrote.
        encoder: see `facetell.model.encoders`.
        init: file with the encoder's ImageNet weights; empty for random ones.
        start: weights of an earlier run (its `averaged-N.pt`) to begin with instead; where that
            run had one encoder and this one a pair, they are its trained half's, `init` is the
            other's, and the heads begin anew.
        temporal: the head over time, see `facetell.model.temporal`.
        hidden: its width.
        dropout: before each linear layer.
        side_px: input side.
        seed: of every draw.
        steps: optimiser steps.
        warmup: steps of linear warm-up.
        decay: steps of linear decay at the end; the rate is level between.
        encoder_rate, head_rate: AdamW's peak learning rates.
        heads_only: leave the encoder as it begins and train what comes after it.
        frozen: how many early blocks of the encoder (and its stem) stay as they are; a third of
            the time is theirs.
        tune_batch_norm: learn the statistics of batch normalisation too; without it they stay
            as they began, which suits small or very uneven batches.
        weight_decay: AdamW's.
        ema: decay of the averaged weights, which are what is kept.
        rank_weight: weight of the loss that compares a fake with its real.
        label_smoothing: labels become this and one minus it.
        evaluate_every: steps between two looks at validation.
        threads: CPU threads; 0 takes all.
        mix: what a batch holds.
    """

    store: Path
    encoder: str = "efficientnet_lite0"
    init: str = ""
    start: str = ""
    temporal: str = "lstm"
    hidden: int = 256
    dropout: float = 0.3
    side_px: int = 224
    seed: int = 0
    steps: int = 2000
    warmup: int = 100
    decay: int = 500
    encoder_rate: float = 3e-4
    head_rate: float = 1e-3
    heads_only: bool = False
    frozen: int = 0
    tune_batch_norm: bool = True
    weight_decay: float = 0.02
    ema: float = 0.998
    rank_weight: float = 1.0
    label_smoothing: float = 0.02
    evaluate_every: int = 250
    threads: int = 0
    mix: Mix = field(default_factory=Mix)

    def __post_init__(self) -> None:
        if self.steps < 1 or self.warmup + self.decay > self.steps:
            raise UsageError("steps must be at least 1 and hold warmup and decay")
        if not 1 <= self.hidden <= 512:
            raise UsageError(f"hidden is {self.hidden}: give 1 to 512")

    def rate_at(self, step: int) -> float:
        """Return the factor of the learning rates at a step, 0–1."""
        rise = min(1.0, (step + 1) / max(self.warmup, 1))
        fall = min(1.0, (self.steps - step) / max(self.decay, 1))
        return min(rise, fall)

    def as_record(self) -> dict[str, Any]:
        """Return plain values, for the copy beside the checkpoint."""
        return {**asdict(self), "store": str(self.store)}


def read_config(path: Path) -> RunConfig:
    """Read a run's TOML.

    Raises:
        InputNotFound: there is no such file.
        UsageError: not TOML, or a key or value that is unknown.
    """
    if not path.is_file():
        raise InputNotFound(f"{path}: no such file; see recipes/ for examples")
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
        mix = Mix(**record.pop("mix", {}))
        store = path.parent / record.pop("store")
        for key in ("init", "start"):
            if record.get(key):
                record[key] = str(path.parent / record[key])
        return RunConfig(store=store, mix=mix, **record)
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise UsageError(f"{path}: {error}; the keys are RunConfig's and Mix's") from error
