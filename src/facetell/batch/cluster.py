"""The Ray engine: the same function a video, on the actors of Ray Data, on one machine or many.

Ray Data starts as many actors as there are cores (and asks an autoscaling cluster for more), gives
each a few videos at a time, and holds back when results pile up. It drops the videos of an actor
or machine that dies: those that are missing at the end of a pass are tried again in the next one,
one at a time. Where there are GPUs, actors on them score for all (`scoring`).
"""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from facetell.batch.local import Maker, Task
from facetell.batch.scoring import AHEAD, RemoteScorer, ScoringActor
from facetell.batch.work import Analyst, Job, Outcome, Settings, lost
from facetell.errors import ClusterError, MissingDependency
from facetell.pipeline import Analyzer

_MOST_ROWS = 8
"""Videos that an actor is given at once: fewer than are lost with it, more than Ray costs."""
_BLOCKS_A_WORKER = 8
_CONNECT_S = 10.0
_LINES = 8
_STORE_BYTES = 512 << 20
"""Of shared memory, where Ray is started here: clips and rows on their way."""


@dataclass(frozen=True, slots=True)
class RayEngine:
    """Actors of a Ray cluster.

    Attributes:
        settings: of all videos.
        address: of a running cluster; None starts one on this machine, and ends it.
        workers: most videos at a time; None for as many as the cluster has cores.
        retries: how often a video is tried again whose actor or machine died.
        make: makes what an actor analyses with.
        scorers: actors that score for all; None for one on each GPU that ONNX Runtime can use.
    """

    settings: Settings
    address: str | None = None
    workers: int | None = None
    retries: int = 2
    make: Maker = Analyst
    scorers: int | None = None

    def run(self, jobs: Iterable[Job]) -> Generator[Outcome, None, None]:
        """Yield the outcome of each job once, in the order in which they are done.

        Raises:
            ClusterError: Ray cannot be used, or no actor comes up.
            MissingDependency: the extra `ray` is not installed.
        """
        ray = _ray()
        with _connected(ray, self.address):
            scorers = _scoring_actors(ray, self.settings, self.scorers)
            tasks, rows = [Task(job) for job in jobs], _MOST_ROWS
            while tasks:
                done: set[str] = set()
                for outcome in self._pass(ray, tasks, rows, scorers):
                    if outcome.path not in done:
                        done.add(outcome.path)
                        yield outcome
                tasks = yield from self._missing(tasks, done)
                rows = 1  # whatever kills its actor must take no other video with it

    def _missing(
        self, tasks: Sequence[Task], done: set[str]
    ) -> Generator[Outcome, None, list[Task]]:
        """Yield those that are given up, return those that are tried again."""
        again = []
        for task in tasks:
            if task.job.path in done:
                continue
            if task.attempt > self.retries:
                yield lost(task.job, task.attempt, "killed, or its machine was lost")
            else:
                again.append(Task(task.job, task.attempt + 1))
        return again

    def _pass(
        self, ray: Any, tasks: Sequence[Task], most_rows: int, scorers: Sequence[Any]
    ) -> Iterator[Outcome]:
        """Do each task once; those whose actor dies are left out."""
        workers = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        rows = min(most_rows, max(1, len(tasks) // (workers * _BLOCKS_A_WORKER)))
        blocks = [_block(tasks[start : start + rows]) for start in range(0, len(tasks), rows)]
        most = min(workers, len(blocks))
        pool = ray.data.ActorPoolStrategy(
            min_size=1, max_size=most, initial_size=most, max_tasks_in_flight_per_actor=1
        )
        with warnings.catch_warnings():
            # max_restarts and max_task_retries have no other way in yet.
            warnings.simplefilter("ignore", DeprecationWarning)
            answers = ray.data.from_arrow(blocks).map_batches(
                _Actor,
                fn_constructor_args=(self.make, self.settings, list(scorers)),
                batch_size=1,
                batch_format="pyarrow",
                compute=pool,
                num_cpus=1,
                max_restarts=-1,
                max_task_retries=0,
            )
        try:
            for row in answers.iter_rows():
                yield Outcome.read(row["line"])
        except ray.exceptions.RayError as error:
            raise ClusterError(
                f"Ray cannot go on: {_first_lines(error)}; what was done is kept: start the same "
                "command again"
            ) from error


class _Actor:
    """A worker of Ray Data."""

    def __init__(self, make: Maker, settings: Settings, scorers: Sequence[Any]) -> None:
        if scorers:
            scorer = RemoteScorer(scorers[os.getpid() % len(scorers)])
            self._analyst = Analyst(settings, Analyzer(settings.options, scorer=scorer))
        else:
            self._analyst = make(settings)

    def __call__(self, block: pa.Table) -> pa.Table:
        lines = [
            self._analyst.analyse(Job(os.fsdecode(path), os.fsdecode(location)), attempt).line
            for path, location, attempt in zip(*block.to_pydict().values(), strict=True)
        ]
        return pa.table({"line": pa.array(lines, pa.string())})


def _block(tasks: Sequence[Task]) -> pa.Table:
    # Bytes: a file name may be in no encoding at all.
    return pa.table(
        {
            "path": pa.array([os.fsencode(task.job.path) for task in tasks], pa.binary()),
            "location": pa.array([os.fsencode(task.job.location) for task in tasks], pa.binary()),
            "attempt": pa.array([task.attempt for task in tasks], pa.int32()),
        }
    )


def _ray() -> Any:
    # Before Ray is loaded: it would tell its makers of each use, and everybody of its own affairs.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise MissingDependency("Ray is not here: pip install 'facetell[ray]'") from error
    return ray


@contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    """Be connected to a cluster, one of our own if no address is given.

    Raises:
        ClusterError: there is none at that address, or it is of another version.
    """
    mine = not ray.is_initialized()
    if mine:
        _connect(ray, address)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1
    # An actor with one task is in full use already.
    context.autoscaling_config.actor_pool_util_upscaling_threshold = 1.0
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        if mine:
            ray.shutdown()


def _connect(ray: Any, address: str | None) -> None:
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address is None:
            ray.init(include_dashboard=False, object_store_memory=_STORE_BYTES, **quiet)
        else:
            _check_address(address)
            ray.init(address=address, **quiet)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        where = f"--address {address}" if address else "Ray"
        raise ClusterError(
            f"{where}: {_first_lines(error)}; it must run, and have the Ray and Python of this "
            f"machine (Ray {ray.__version__})"
        ) from error


def _check_address(address: str) -> None:
    """Fail within seconds where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), _CONNECT_S).close()


def _scoring_actors(ray: Any, settings: Settings, count: int | None) -> list[Any]:
    """Start actors that score for all; none where no GPU can be used."""
    on_gpus = count is None
    wanted = int(ray.cluster_resources().get("GPU", 0)) if count is None else count
    threads = AHEAD * 64
    make = ray.remote(
        num_cpus=0,
        num_gpus=1 if on_gpus else 0,
        max_restarts=-1,
        max_task_retries=3,
        max_concurrency=threads,
    )(ScoringActor)
    actors = [make.remote(settings.options, on_gpus) for _ in range(wanted)]
    try:
        ray.get([actor.ready.remote() for actor in actors])
    except ray.exceptions.RayError as error:
        if not on_gpus:
            raise ClusterError(f"no scoring actor comes up: {_first_lines(error)}") from error
        # An ONNX Runtime without CUDA: one such actor would only be in the way of all workers.
        logging.getLogger(__name__).warning("GPUs are left idle: %s", _first_lines(error))
        return []
    return actors


def _first_lines(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if len(lines) > _LINES:  # a traceback of another process
        lines = [lines[0], lines[-1]]
    return (" ".join(lines) or type(error).__name__)[:500].rstrip(".")
