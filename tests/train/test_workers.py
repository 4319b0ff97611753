from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from facetell.train.workers import Crashed, Workforce

EQUIPMENT: list[int] = []


def set_up(factor: int) -> None:
    EQUIPMENT[:] = [factor]


def work(job: int) -> int:
    """Multiply; 7 kills its process, as a decoder may."""
    if job == 7:
        os.kill(os.getpid(), signal.SIGSEGV)
    return job * EQUIPMENT[0]


def test_it_does_every_job_once_and_gives_up_only_the_one_that_crashes() -> None:
    force: Workforce[int, int] = Workforce(work, set_up, (10,), workers=2)
    results = list(force.run(range(20)))
    assert sorted(job for job, _ in results) == list(range(20))
    answers = dict(results)
    assert answers.pop(7) == Crashed()
    assert answers == {job: job * 10 for job in range(20) if job != 7}


def test_no_jobs_need_no_workers() -> None:
    force: Workforce[int, int] = Workforce(work, set_up, (10,), workers=2)
    assert list(force.run([])) == []


SLOW = """
import sys, time, os
from pathlib import Path
from facetell.train.workers import Workforce
from tests.train.test_workers import note_and_wait, set_up
if __name__ == "__main__":
    list(Workforce(note_and_wait, set_up, (1,), 2).run([Path(sys.argv[1])] * 4))
"""


def note_and_wait(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    (tmp_path / "pids").mkdir()
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *sys.path])}
    command = [sys.executable, str(script), str(tmp_path / "pids")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as parent:
        pids = wait_for(lambda: [int(p.name) for p in (tmp_path / "pids").iterdir()], 2)
        parent.kill()
    assert wait_for(lambda: [pid for pid in pids if not is_alive(pid)], 2)


def wait_for(look: object, count: int) -> list[int]:
    """Look until there are so many, for 20 s at most."""
    assert callable(look)
    for _ in range(200):
        found: list[int] = look()
        if len(found) >= count:
            return found
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # an orphan may stay a zombie where nobody collects it
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
