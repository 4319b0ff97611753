"""What a run tells while it goes on: log.jsonl, TensorBoard's event files, a line on a terminal."""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from facetell.errors import MissingDependency
from facetell.train.checkpoint import LOG, save_whole, writing
from facetell.wording import clock

Record = Mapping[str, float]
EVENTS = "tensorboard"
CLEAR = "\r\x1b[K"
REDRAWN_S = 0.2


class RunLog:
    """Writes a record every few steps.

    Args:
        out: the run's folder.
        step: where the run goes on; what an earlier one logged after it is dropped, since those
            steps are taken again.
        tensorboard: write event files too.

    Raises:
        MissingDependency: TensorBoard is wanted and not installed.
        OutputError: the log cannot be written.
    """

    def __init__(self, out: Path, step: int, tensorboard: bool = False) -> None:
        self._path = out / LOG
        kept = [r for r in read_log(out) if r["step"] <= step]
        text = "".join(json.dumps(record) + "\n" for record in kept)
        save_whole(self._path, lambda file: _write(file, text))
        self._events = _open_events(out / EVENTS, step) if tensorboard else None

    def add(self, record: Record) -> None:
        """Append a record; `step` is the number of steps taken so far.

        Raises:
            OutputError: the log cannot be written.
        """
        with writing(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dict(record)) + "\n")
        if self._events is not None:
            for name, value in record.items():
                self._events.add_scalar(name, value, int(record["step"]))
            self._events.flush()

    def close(self) -> None:
        """Close the event files."""
        if self._events is not None:
            self._events.close()


def read_log(out: Path) -> list[dict[str, float]]:
    """Read the records of a run's log, without a last line that a killed run left half written."""
    path = out / LOG
    records = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            break
    return records


def _open_events(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingDependency(
            "tensorboard = true needs TensorBoard: pip install tensorboard, or take the line out"
        ) from error
    return SummaryWriter(str(folder), purge_step=step + 1)


def _write(file: Any, text: str) -> None:
    file.write(text.encode())


class StepLine:
    """Redraws `step 40 of 2000  loss 0.612  3:05 left` on a terminal; silent elsewhere.

    Args:
        total: steps of the run.
        done: steps taken before this start.
        stream: where to draw.
    """

    def __init__(self, total: int, done: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()
        self._total, self._begun_at = total, done
        self._begun_s = self._drawn_s = time.monotonic()

    def update(self, step: int, loss: float) -> None:
        """Show how far the run is; `step` steps are taken."""
        now_s = time.monotonic()
        if self._shown and (now_s - self._drawn_s >= REDRAWN_S or step == self._total):
            self._drawn_s = now_s
            width = shutil.get_terminal_size().columns - 1
            line = self.line(step, loss, now_s - self._begun_s)[:width]
            print(CLEAR + line, end="", file=self._stream, flush=True)

    def line(self, step: int, loss: float, elapsed_s: float) -> str:
        """Return the line that is drawn."""
        taken = step - self._begun_at
        left = (self._total - step) * elapsed_s / taken if taken else math.nan
        said = f"{clock(left)} left" if math.isfinite(left) else ""
        return f"step {step} of {self._total}  loss {loss:.3f}  {said}".rstrip()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            print(CLEAR, end="", file=self._stream, flush=True)
