"""Analysts that judge by the name of a file, so that nothing is decoded; for worker processes."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from facetell.batch.work import Analyst, Job, Outcome, Settings
from facetell.errors import FacetellError, ModelNotFound, NotMedia
from facetell.options import Options
from facetell.verdict import Verdict, error_verdict

SETTINGS = Settings(Options())


class NamedAnalyzer:
    """Takes the label from the file's name: fake-1.mp4 is fake."""

    card = SimpleNamespace(
        name="named", version="1", sha256="b" * 64, terms="", limits=(), members=()
    )

    def analyze(self, path: Path) -> Verdict:
        """Answer by the name; `kill` ends the process, `kill-once` only the first time."""
        label: Any = path.name.split("-")[0]
        if label == "defect":
            raise ZeroDivisionError("by zero")
        if label == "bad":
            raise NotMedia(f"{path}: empty")
        time.sleep({"slow": 60, "brief": 0.3}.get(label, 0))
        if label == "kill" and not path.with_suffix(".killed").exists():
            if "once" in path.name:
                path.with_suffix(".killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if label not in ("fake", "real"):
            label = "real"
        blank = error_verdict(path, FacetellError("unused"))
        p_fake = 0.9 if label == "fake" else 0.1
        return replace(blank, label=label, p_fake=p_fake, error=None, reasons=(f"{path}: seen.",))


class NamedAnalyst(Analyst):
    """The analyst of these."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, NamedAnalyzer())  # type: ignore[arg-type]


class MixedAnalyst(Analyst):
    """Judges by name what has no ending, and truly what is a video."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._by_name = NamedAnalyst(settings)

    def analyse(self, job: Job, attempt: int = 1) -> Outcome:
        """Analyse one of either kind."""
        if Path(job.path).suffix:
            return super().analyse(job, attempt)
        return self._by_name.analyse(job, attempt)


def refuse(settings: Settings) -> Analyst:
    """Stand for a model that cannot be loaded."""
    raise ModelNotFound("no such model")


def die(settings: Settings) -> Analyst:
    """Stand for a machine without memory for the model."""
    os._exit(7)


def outcome(path: str) -> Outcome:
    """Return the outcome of a file of this name."""
    return NamedAnalyst(SETTINGS).analyse(Job.of(path))


class PlainLoop:
    """An engine that does one after the other in this process."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, jobs: Any) -> Any:
        """Yield the outcome of each."""
        analyst = NamedAnalyst(SETTINGS)
        for job in jobs:
            self.ran.append(job.path)
            yield analyst.analyse(job)
