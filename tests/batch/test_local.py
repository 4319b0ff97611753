from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from facetell.batch.local import LocalEngine
from facetell.batch.work import Analyst, Job, Outcome, Settings
from facetell.errors import ModelNotFound, WorkerLost
from facetell.options import Options
from tests.batch.made_analysts import SETTINGS, NamedAnalyst, die, refuse


def _run(
    folder: Path,
    names: list[str],
    workers: int = 2,
    retries: int = 1,
    settings: Settings = SETTINGS,
    make: Callable[[Settings], Analyst] = NamedAnalyst,
) -> dict[str, Outcome]:
    for name in names:
        (folder / name).touch()
    jobs = [Job(name, str(folder / name)) for name in names]
    done = list(LocalEngine(settings, workers, retries, make).run(jobs))
    assert sorted(outcome.path for outcome in done) == sorted(names), "each once"
    return {outcome.path: outcome for outcome in done}


def test_it_does_every_job_whatever_becomes_of_the_others(tmp_path: Path) -> None:
    names = ["fake-1", "kill-always", "real-1", "kill-once", "bad-1", "defect-1", "fake-2"]
    done = _run(tmp_path, names)
    assert {name: done[name].label for name in names} == {
        "fake-1": "fake",
        "kill-always": "error",
        "real-1": "real",
        "kill-once": "real",
        "bad-1": "error",
        "defect-1": "error",
        "fake-2": "fake",
    }
    assert done["kill-always"].code == "worker_lost"
    assert "ended 2 times: killed, most likely since memory ran out" in done["kill-always"].message
    assert (done["bad-1"].code, done["defect-1"].code) == ("not_media", "internal")
    attempts = {name: json.loads(done[name].line)["attempts"] for name in names}
    assert (attempts["kill-always"], attempts["kill-once"], attempts["fake-2"]) == (2, 2, 1)


def test_it_ends_what_takes_too_long(tmp_path: Path) -> None:
    settings = Settings(Options(), timeout_s=0.5)
    done = _run(tmp_path, ["slow-1", "real-1"], workers=1, retries=0, settings=settings)
    assert done["real-1"].label == "real"
    assert "ended once: it took longer than 0.5 s" in done["slow-1"].message


def test_it_passes_on_that_the_model_cannot_be_used() -> None:
    engine = LocalEngine(SETTINGS, 2, make=refuse)
    with pytest.raises(ModelNotFound, match="no such model"):
        list(engine.run([Job.of("a"), Job.of("b")]))


def test_it_gives_up_on_workers_that_do_not_come_up() -> None:
    with pytest.raises(WorkerLost, match="before they have begun: exit status 7"):
        list(LocalEngine(SETTINGS, 1, make=die).run([Job.of("a")]))


def test_it_ends_its_workers_when_it_is_left(tmp_path: Path) -> None:
    (tmp_path / "slow-1").touch()
    (tmp_path / "real-1").touch()
    jobs = [Job.of(str(tmp_path / name)) for name in ("real-1", "slow-1")]
    running = LocalEngine(SETTINGS, 2, make=NamedAnalyst).run(jobs)
    assert next(running).label == "real"
    started_s = time.monotonic()
    running.close()
    assert time.monotonic() - started_s < 30, "it did not wait for the slow one"
