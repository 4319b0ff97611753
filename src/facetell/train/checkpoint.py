"""Files of a run's folder: written whole or not at all, read without running any code.

config.json       the run's configuration
checkpoint.pt     everything needed to go on
averaged-N.pt     the averaged weights after step N
best.pt           those that validation liked best
log.jsonl         a line every few steps
"""

from __future__ import annotations

import json
import os
import pickle  # its exception # nosec B403
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from facetell.errors import CorruptMedia, InputNotFound, OutputError, UsageError
from facetell.train.config import RunConfig

CHECKPOINT, BEST, LOG, CONFIG = "checkpoint.pt", "best.pt", "log.jsonl", "config.json"
RATES = {"warmup", "last_rate", "encoder_rate", "head_rate", "rank_weight", "frozen"}
CHANGEABLE = RATES | {
    "steps", "tune_batch_norm", "evaluate_every", "save_every", "patience", "validation_clips",
    "device", "threads", "workers", "tensorboard",
}  # fmt: skip
"""What may change when a run is resumed: how long and how fast it goes on, and where."""


def save_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file under another name, make sure that it is on the disk, and rename it.

    Raises:
        OutputError: the disk is full, or the folder may not be written; what was there stays.
    """
    unfinished = path.with_name(path.name + ".part")
    with writing(path):
        try:
            with unfinished.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into an error that says what to do.

    Raises:
        OutputError: the disk is full, or the folder may not be written.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        # torch wraps the system's error: "PytorchStreamWriter failed writing file"
        cause = error.strerror if isinstance(error, OSError) else None
        if cause is None and "PytorchStreamWriter" not in str(error):
            raise
        reason = cause or "the disk may be full"
        raise OutputError(
            f"{path}: cannot be written ({reason}); the last checkpoint is intact: make room and "
            "run the same command again"
        ) from error


def save_tensors(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values as a whole.

    Raises:
        OutputError: they cannot be written; what was there stays.
    """
    save_whole(path, lambda file: torch.save(state, file))


def read_tensors(path: Path) -> dict[str, Any]:
    """Read what `save_tensors` wrote; no code is run.

    Raises:
        InputNotFound: there is no such file.
        CorruptMedia: it is no file of this kind, or damaged.
    """
    if not path.is_file():
        raise InputNotFound(f"{path}: no such file; give a run's .pt")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CorruptMedia(f"{path}: cannot be read as weights: {reason}") from error
    if not isinstance(state, dict):
        raise CorruptMedia(f"{path}: holds no weights")
    return state


def read_averaged(path: Path) -> dict[str, Tensor]:
    """Read the averaged weights out of a checkpoint, an `averaged-N.pt` or a `best.pt`.

    Raises:
        InputNotFound: there is no such file.
        CorruptMedia: it holds none.
    """
    state = read_tensors(path)
    if not isinstance(state.get("averaged"), dict):
        raise CorruptMedia(f"{path}: not weights of a run of `facetell train`")
    averaged: dict[str, Tensor] = state["averaged"]
    return averaged


def claim_folder(config: RunConfig, out: Path) -> None:
    """Write a run's configuration into its folder.

    Raises:
        UsageError: the folder holds a run of another configuration.
        OutputError: it cannot be written.
    """
    path, record = out / CONFIG, json.loads(json.dumps(config.as_record()))
    if path.exists():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UsageError(f"{path}: not a run's configuration: {error}") from error
        changed = [k for k in record if k not in CHANGEABLE and record[k] != before.get(k)]
        if changed:
            raise UsageError(
                f"{out}: holds a run with another {', '.join(changed)}: give another --out"
            )
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    save_whole(path, lambda file: _write(file, json.dumps(record, indent=1)))


def _write(file: BinaryIO, text: str) -> None:
    file.write(text.encode())
