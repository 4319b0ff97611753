"""What a user asked for → a finished folder of results."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast

from facetell import ensemble
from facetell.batch.columns import storable
from facetell.batch.local import LocalEngine
from facetell.batch.progress import BatchProgress
from facetell.batch.results import ROWS, ResultFolder, Share, open_results
from facetell.batch.run import Engine, run
from facetell.batch.storage import is_remote
from facetell.batch.summary import Summary, write_summary
from facetell.batch.work import Job, Outcome, Settings, failed
from facetell.errors import FacetellError, UsageError
from facetell.options import Options
from facetell.runtime import available_cores

# A name and no import: the command line must load without Ray.
_CLUSTER = "facetell.batch.cluster"


@dataclass(frozen=True, slots=True)
class Found:
    """An input: the path or address of a video, or what cannot be searched and why."""

    path: str
    error: FacetellError | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a batch is done.

    Attributes:
        out: folder of the results.
        options: of the analysis.
        engine: "local" or "ray".
        workers: videos at a time; None for what there is.
        address: of a running Ray cluster; None starts one here.
        retries: how often a video is tried again whose worker died.
        timeout_s: a video that takes longer ends its worker; 0 for no limit.
        limit: most videos of this run; None for all.
        share: the part of the inputs that this run does.
        rows: of a shard.
        retry_failed: try those again that failed before.
        shown: whether progress is told.
    """

    out: Path
    options: Options
    engine: Literal["local", "ray"] = "local"
    workers: int | None = None
    address: str | None = None
    retries: int = 2
    timeout_s: float = 0.0
    limit: int | None = None
    share: Share = field(default_factory=Share)
    rows: int = ROWS
    retry_failed: bool = False
    shown: bool = True

    def __post_init__(self) -> None:
        if self.address is not None and self.engine != "ray":
            raise UsageError("--address: only a Ray cluster has one; add --engine ray")


def carry_out(plan: Plan, inputs: Iterable[Found]) -> Summary:
    """Do all inputs that have no row yet, and write the summary over all rows.

    Args:
        plan: how.
        inputs: in any order; an input that comes twice is done once.

    Raises:
        UsageError: there is no input, or the folder holds results of other settings.
        ModelError: the model cannot be used.
        ClusterError: Ray cannot be used.
        SourceDenied, SourceUnreachable: see `run.run`.
        OutputError: the results cannot be written.
    """
    settings = _settings(plan)
    with open_results(plan.out, settings, plan.share, plan.rows) as results:
        if plan.retry_failed:
            results.forget_failed()
        pending = _pending(plan, inputs, results.done())
        progress = BatchProgress(len(pending), plan.shown)
        try:
            _work(plan, pending, results, progress)
        finally:
            # After Ctrl-C too: what is done is in shards, and the page shows it.
            progress.clear()
            results.seal()
            summary = write_summary(plan.out)
    return summary


def _settings(plan: Plan) -> dict[str, Any]:
    """What all rows of a folder share: all that a score depends on."""
    card = ensemble.find(plan.options.model)
    return {
        "model": card.name,
        "model_sha256": card.sha256,
        "frames": plan.options.frames,
        "runtime": plan.options.runtime,
        "min_face_px": plan.options.min_face_px,
    }


def _pending(plan: Plan, inputs: Iterable[Found], done: set[str]) -> list[Found]:
    """Inputs of this share without a row, each once."""
    known = done
    any_input = False

    def wanted() -> Iterator[Found]:
        nonlocal any_input
        for found in inputs:
            any_input = True
            name = storable(found.path)
            if plan.share.takes(found.path) and name not in known:
                known.add(name)
                yield found

    pending = list(islice(wanted(), plan.limit))
    if not any_input:
        raise UsageError("nothing to analyse: the list names no video")
    return pending


def _work(plan: Plan, pending: list[Found], results: ResultFolder, progress: BatchProgress) -> None:
    def tell(outcome: Outcome) -> None:
        progress.add(outcome.label == "error")

    jobs = []
    for found in pending:
        job = Job.of(found.path)
        if found.error is None:
            jobs.append(job)
        else:
            outcome = failed(job, found.error, attempts=1)
            results.add(outcome)
            tell(outcome)
    if jobs:
        with tempfile.TemporaryDirectory(prefix="facetell-batch-") as scratch:
            run(jobs, _engine(plan, jobs, scratch), results, tell)


def _engine(plan: Plan, jobs: list[Job], scratch: str) -> Engine:
    if plan.engine == "ray":
        cluster = importlib.import_module(_CLUSTER)
        settings = Settings(plan.options, plan.timeout_s)
        return cast(Engine, cluster.RayEngine(settings, plan.address, plan.workers, plan.retries))
    # What is copied waits for the network, and leaves its core to another.
    a_core = 2 if any(is_remote(job.location) for job in jobs) else 1
    settings = Settings(plan.options, plan.timeout_s, scratch)
    return LocalEngine(settings, plan.workers or a_core * available_cores(), plan.retries)
