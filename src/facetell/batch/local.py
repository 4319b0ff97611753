"""The local engine: processes of this machine, each with one video at a time.

A process that dies takes only its own video with it: another is started in its place, and the
video is tried again a few times.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from facetell.batch.work import Analyst, Job, Outcome, Settings, lost
from facetell.errors import FacetellError, WorkerLost

# Forked processes would inherit the threads' locks of the inference runtime.
_SPAWN = multiprocessing.get_context("spawn")
_SIGKILL = 9  # no name on Windows

Maker = Callable[[Settings], Analyst]

_STARTS = 3
"""A worker that ends this often before its first job will not come up at all."""


@dataclass(frozen=True, slots=True)
class Task:
    """A job, and the how manieth attempt at it this is."""

    job: Job
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class _Ready:
    """Said by a worker when its models are loaded."""


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Processes of this machine.

    Attributes:
        settings: of all videos.
        workers: how many processes.
        retries: how often a video is tried again whose worker died.
        make: makes what a worker analyses with; it must be importable by name.
    """

    settings: Settings
    workers: int
    retries: int = 2
    make: Maker = Analyst

    def run(self, jobs: Iterable[Job]) -> Generator[Outcome, None, None]:
        """Yield the outcome of each job, in the order in which they are done.

        Raises:
            ModelError: the model cannot be used.
            WorkerLost: workers end before they have begun.
        """
        pool = _Pool(self, (Task(job) for job in jobs))
        try:
            yield from pool.work(self.workers)
        finally:
            pool.close()


class _Worker:
    """One process, seen from here."""

    def __init__(self, engine: LocalEngine) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, engine.make, engine.settings))
        self._process.start()
        theirs.close()
        self.task: Task | None = None
        self._began_s = 0.0

    def give(self, task: Task) -> None:
        self.task, self._began_s = task, time.monotonic()
        with contextlib.suppress(OSError):  # it has just died, which its pipe will tell
            self.pipe.send((task.job, task.attempt))

    def why_it_ended(self, timeout_s: float) -> str:
        """Say what is known of the end of a process."""
        self._process.join()
        if timeout_s and time.monotonic() - self._began_s >= timeout_s:
            return f"it took longer than {timeout_s:g} s"
        code = self._process.exitcode or 0
        if code == -_SIGKILL:
            return "killed, most likely since memory ran out"
        return f"signal {-code}" if code < 0 else f"exit status {code}"

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.pipe.close()


class _Pool:
    def __init__(self, engine: LocalEngine, tasks: Iterator[Task]) -> None:
        self._engine = engine
        self._tasks = tasks
        self._again: deque[Task] = deque()
        self._workers: list[_Worker] = []
        self._failed_starts = 0

    def work(self, workers: int) -> Iterator[Outcome]:
        first = [task for task in (self._next() for _ in range(workers)) if task]
        self._again.extend(first)
        self._workers = [_Worker(self._engine) for _ in first]
        while self._workers:
            for pipe in wait([worker.pipe for worker in self._workers]):
                worker = next(w for w in self._workers if w.pipe is pipe)
                yield from self._hear(worker)

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        self._workers = []

    def _next(self) -> Task | None:
        return self._again.popleft() if self._again else next(self._tasks, None)

    def _hear(self, worker: _Worker) -> Iterator[Outcome]:
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._replace(worker)
            return
        if isinstance(said, FacetellError):
            raise said
        if isinstance(said, Outcome):
            yield said
        self._failed_starts = 0
        self._employ(worker)

    def _employ(self, worker: _Worker) -> None:
        if task := self._next():
            worker.give(task)
        else:
            self._workers.remove(worker)
            worker.end()

    def _replace(self, worker: _Worker) -> Iterator[Outcome]:
        self._workers.remove(worker)
        why, task = worker.why_it_ended(self._engine.settings.timeout_s), worker.task
        worker.end()
        if task is None:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                raise WorkerLost(f"workers end before they have begun: {why}")
        elif task.attempt > self._engine.retries:
            yield lost(task.job, task.attempt, why)
        else:
            self._again.append(Task(task.job, task.attempt + 1))
        if following := self._next():
            self._again.appendleft(following)
            self._workers.append(_Worker(self._engine))


def _serve(pipe: Connection, make: Maker, settings: Settings) -> None:
    """Be a worker: load the models, then answer jobs until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        analyst = make(settings)
    except FacetellError as error:
        pipe.send(error)
        return
    pipe.send(_Ready())
    while True:
        try:
            job, attempt = pipe.recv()
        except EOFError:
            return
        pipe.send(analyst.analyse(job, attempt))


def _end_with_parent() -> None:
    """End a worker whose parent was killed: nobody else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
