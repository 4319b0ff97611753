"""What `facetell batch` costs beside a plain loop, whether it keeps all cores busy, what Ray adds.

    python benchmarks/batch.py busy                     # 60 mixed clips, all cores
    python benchmarks/batch.py engines                  # plain loop, local, Ray: 1 and 2 workers
    python benchmarks/batch.py killed                   # a Ray node is lost half-way
    python benchmarks/batch.py busy --videos footage/   # on videos of your own

Clock times need a machine that is idle otherwise. Processor time, and the share of time in which
there was something to run for each core, hold on a busy one too (Linux only: /proc).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from memory import tree
from recording import SAMPLE, make_recording

from facetell.batch.cluster import RayEngine
from facetell.batch.local import LocalEngine
from facetell.batch.run import Engine
from facetell.batch.work import Analyst, Job, Outcome, Settings
from facetell.options import Options
from facetell.runtime import available_cores

SIZES = ((640, 360), (1280, 720), (1920, 1080), (720, 1280), (854, 480), (1280, 720))
LENGTHS_S = (4, 6, 10, 8, 15, 5)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PERIOD_S = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took.

    Attributes:
        videos: how many were done.
        wall_s: on the clock, from the first job to the last outcome, workers' start included.
        cpu_s: of all processes.
        busy: share of cores for which there was something to run.
        load: of the whole machine at the end (1 minute).
        errors: how many outcomes were errors.
    """

    videos: int
    wall_s: float
    cpu_s: float
    busy: float
    load: float
    errors: int


class PlainLoop:
    """One video after the other in this process."""

    def __init__(self, settings: Settings) -> None:
        self._analyst = Analyst(settings)

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Yield the outcome of each."""
        return (self._analyst.analyse(job) for job in jobs)


def measure(
    engine: Engine | PlainLoop, jobs: Sequence[Job], cores: int, told: Callable[[int], None]
) -> tuple[Run, dict[str, Outcome]]:
    """Run jobs and watch the processes; `told` is called with how many are done."""
    found: dict[str, Outcome] = {}
    started_s = time.perf_counter()
    with watched(cores) as seen:
        for outcome in engine.run(jobs):
            assert outcome.path not in found, "nothing twice"
            found[outcome.path] = outcome
            told(len(found))
    wall_s = time.perf_counter() - started_s
    run = Run(
        videos=len(found),
        wall_s=round(wall_s, 2),
        cpu_s=round(seen.cpu_s, 2),
        busy=round(seen.busy, 3),
        load=round(os.getloadavg()[0], 1),
        errors=sum(outcome.label == "error" for outcome in found.values()),
    )
    return run, found


@dataclass(slots=True)
class Seen:
    """What samples of /proc add up to.

    Attributes:
        shares: in each sample, how many threads below this process ran or waited for a core, as a
            share of the cores.
        first_s, last_s: processor time of each process in the first and last sample that has it.
            Ray's processes do not add up to their parents, so that each is followed by itself.
    """

    shares: list[float] = field(default_factory=list)
    first_s: dict[int, float] = field(default_factory=dict)
    last_s: dict[int, float] = field(default_factory=dict)

    @property
    def busy(self) -> float:
        """Share of cores with something to run, on average."""
        return sum(self.shares) / max(len(self.shares), 1)

    @property
    def cpu_s(self) -> float:
        """Processor time of all processes since the first sample."""
        return sum(last - self.first_s[pid] for pid, last in self.last_s.items())

    def look(self, cores: int, begun: bool) -> None:
        """Take a sample; processes that come after the first began with nothing."""
        wanting = 0
        for pid in tree(os.getpid()):
            if pid != os.getpid():
                wanting += sum(state(task) == "R" for task in threads(pid))
            used_s = cpu_s(pid)
            self.first_s.setdefault(pid, 0.0 if begun else used_s)
            self.last_s[pid] = max(used_s, self.last_s.get(pid, 0.0))
        self.shares.append(min(wanting, cores) / cores)


@contextmanager
def watched(cores: int) -> Iterator[Seen]:
    """Look at the processes below this one again and again."""
    seen, ended = Seen(), threading.Event()
    seen.look(cores, begun=False)

    def watch() -> None:
        while not ended.wait(PERIOD_S):
            seen.look(cores, begun=True)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def threads(pid: int) -> list[Path]:
    """List a process' threads."""
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def state(task: Path) -> str:
    """Return the state of a thread; empty if it has ended."""
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def cpu_s(pid: int) -> float:
    """Processor time of a process without those below it; 0 if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) * TICK_S  # utime and stime: proc(5)


def main() -> None:
    """Run what is asked for and print a line of JSON for each run."""
    parser = argparse.ArgumentParser(description="Measure facetell batch.")
    parser.add_argument("what", choices=("busy", "engines", "killed"))
    parser.add_argument("--videos", type=Path, help="folder (default: made of the sample)")
    parser.add_argument("--count", type=int, default=60, help="videos at most")
    parser.add_argument("--frames", type=int, default=32)
    wanted = parser.parse_args()
    settings = Settings(Options(frames=wanted.frames, threads=1, max_evidence=0))
    with tempfile.TemporaryDirectory() as folder:
        if wanted.videos is None:
            make_footage(Path(folder))
        paths = sorted(p for p in (wanted.videos or Path(folder)).rglob("*") if p.is_file())
        jobs = [
            Job(f"{n}-{paths[n % len(paths)].name}", str(paths[n % len(paths)]))
            for n in range(wanted.count)
        ]
        {"busy": busy, "engines": engines, "killed": killed}[wanted.what](settings, jobs)


def make_footage(folder: Path) -> None:
    """Make clips of several sizes and lengths."""
    for number, (size, length_s) in enumerate(zip(SIZES, LENGTHS_S, strict=True)):
        make_recording(folder / f"{number}.mp4", size, length_s, SAMPLE)


def busy(settings: Settings, jobs: Sequence[Job]) -> None:
    """One worker a core on all clips."""
    cores = available_cores()
    show("local", measure(LocalEngine(settings, cores), jobs, cores, lambda _: None)[0])


def engines(settings: Settings, jobs: Sequence[Job]) -> None:
    """The plain loop, then each engine with one and two workers; answers must be the same."""
    run, expected = measure(PlainLoop(settings), jobs, 1, lambda _: None)
    show("plain loop", run)
    for workers in (1, 2):
        run, found = measure(LocalEngine(settings, workers), jobs, workers, lambda _: None)
        show(f"local, {workers}", run)
        compare(expected, found)
    with cluster(nodes=2):
        for workers in (1, 2):
            run, found = measure(
                RayEngine(settings, workers=workers), jobs, workers, lambda _: None
            )
            show(f"ray, {workers}", run)
            compare(expected, found)


def killed(settings: Settings, jobs: Sequence[Job]) -> None:
    """Lose one of two nodes half-way."""
    with cluster(nodes=2) as lose:

        def told(done: int) -> None:
            if done == len(jobs) // 2:
                lose()

        run, found = measure(RayEngine(settings), jobs, 2, told)
    show("ray, a node lost", run)
    again = sum(json.loads(outcome.line)["attempts"] > 1 for outcome in found.values())
    print(json.dumps({"begun a second time": again, "missing": len(jobs) - len(found)}))


@contextmanager
def cluster(nodes: int) -> Iterator[Callable[[], None]]:
    """A Ray cluster of nodes with one core each on this machine; yields what kills the last."""
    import ray
    from ray.cluster_utils import Cluster

    made: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    others = [made.add_node(num_cpus=1) for _ in range(nodes - 1)]
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False)
    try:
        yield lambda: made.remove_node(others[-1], allow_graceful=False)
    finally:
        ray.shutdown()
        made.shutdown()


def compare(expected: dict[str, Outcome], found: dict[str, Outcome]) -> None:
    """Fail if two engines disagree."""
    assert expected.keys() == found.keys()
    for path, outcome in expected.items():
        first, second = (json.loads(o.line)["p_fake"] for o in (outcome, found[path]))
        assert outcome.label == found[path].label, path
        assert first == second or abs(first - second) < 0.001, path


def show(name: str, run: Run) -> None:
    """Print a run."""
    print(json.dumps({"engine": name} | asdict(run)), flush=True)


if __name__ == "__main__":
    main()
