"""Run one function over many jobs in several processes, whatever a job does to its process.

A file may crash a decoder, and the process with it. Then the jobs that were under way are run
again one by one, each in a process of its own, so that only the guilty one is given up.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

AHEAD = 2
"""Jobs that are handed out a worker: one to do and one to go on with, results stay few."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """Stands for the result of a job that ended its process."""


@dataclass(frozen=True, slots=True)
class Workforce(Generic[Job, Result]):
    """What the workers do.

    Attributes:
        work: called with a job in a worker; a function of a module, as is `set_up`.
        set_up: called once in each worker, with `equipment`.
        equipment: its arguments.
        workers: how many processes.
    """

    work: Callable[[Job], Result]
    set_up: Callable[..., None]
    equipment: tuple[Any, ...]
    workers: int

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | Crashed]]:
        """Yield each job with its result, in the order in which they are done."""
        waiting = iter(jobs)
        while True:
            suspects = yield from self._run_pool(waiting)
            if not suspects:
                return
            for job in suspects:
                yield job, self._run_alone(job)

    def _run_pool(
        self, jobs: Iterator[Job]
    ) -> Generator[tuple[Job, Result | Crashed], None, list[Job]]:
        """Work until all is done or a worker dies; return the jobs that were under way then."""
        under_way: dict[Future[Result], Job] = {}
        pool = self._pool(self.workers)
        try:
            while True:
                for job in islice(jobs, self.workers * AHEAD - len(under_way)):
                    under_way[pool.submit(self.work, job)] = job
                if not under_way:
                    return []
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    yield under_way.pop(future), result
        except BrokenProcessPool:
            return list(under_way.values())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _run_alone(self, job: Job) -> Result | Crashed:
        with self._pool(1) as pool:
            try:
                return pool.submit(self.work, job).result()
            except BrokenProcessPool:
                return Crashed()

    def _pool(self, workers: int) -> ProcessPoolExecutor:
        # Forked processes would inherit the threads' locks of the inference runtime.
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, spawn, _begin, (self.set_up, self.equipment))


def _begin(set_up: Callable[..., None], equipment: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    set_up(*equipment)


def _end_with_parent() -> None:
    """End a worker whose parent was killed: nobody else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
