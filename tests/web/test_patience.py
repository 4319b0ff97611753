"""What a worker does when the database is away, and when it is to end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError
from django_tasks_db.models import DBTaskResult

from facetell.web.analyses import drain, leases, patience, run
from facetell.web.analyses.deletion import delete
from facetell.web.analyses.leases import Lease
from facetell.web.analyses.models import Analysis, Status
from facetell.web.analyses.patience import patiently
from facetell.web.analyses.worker import AnalysisWorker


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(run, "REPORT_EVERY_S", 0)


def away(times: int, then: Callable[..., object]) -> Callable[..., object]:
    """A function that finds the database locked some times, and then does what it should."""
    left = iter(range(times))

    def access(*arguments: object, **fields: object) -> object:
        if next(left, None) is not None:
            raise OperationalError("database is locked")
        return then(*arguments, **fields)

    return access


def test_it_tries_until_the_database_answers(db: None) -> None:
    assert patiently(lambda: away(0, lambda: 7)()) == 7
    assert patiently(away(3, lambda: 7)) == 7


def test_it_gives_up_after_its_time(db: None) -> None:
    with pytest.raises(OperationalError, match="locked"):
        patiently(away(10_000, lambda: 7), patience_s=0.05)


def test_no_verdict_is_lost_to_a_locked_database(
    queued: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lease, "finish", away(3, Lease.finish))
    monkeypatch.setattr(leases, "take", away(2, leases.take))
    run.run(str(queued.id))
    queued.refresh_from_db()
    assert (queued.status, queued.attempts) == (Status.DONE, 1)
    assert queued.result.document["label"] == queued.label


def test_progress_that_cannot_be_told_stops_nothing(
    queued: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lease, "renew", away(5, Lease.renew))
    run.run(str(queued.id))
    queued.refresh_from_db()
    assert queued.status == Status.DONE


def test_the_heartbeat_outlives_a_database_that_is_away(
    queued: Analysis,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.LEASE_S = 0.03
    beats: list[int] = []
    monkeypatch.setattr(Lease, "renew", away(3, lambda self: beats.append(1)))
    with run._heartbeat(Lease(queued.pk, 1)):
        until_s = time.monotonic() + 5
        while not beats and time.monotonic() < until_s:
            time.sleep(0.01)
    assert beats


def test_a_worker_waits_for_its_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr(AnalysisWorker.__base__, "run", away(2, lambda self: ran.append(1)))
    AnalysisWorker(batch=True).run()
    assert ran == [1]


def test_what_takes_too_long_is_handed_back(
    queued: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "is_overdue", lambda: True)
    run.run(str(queued.id))
    queued.refresh_from_db()
    assert (queued.status, queued.workers_lost) == (Status.QUEUED, 0)
    assert DBTaskResult.objects.ready().filter(pk=queued.task).exists()
    monkeypatch.setattr(drain, "is_overdue", lambda: False)
    run.run(str(queued.id))
    queued.refresh_from_db()
    assert (queued.status, queued.attempts) == (Status.DONE, 2)


def test_draining_leaves_time_to_finish(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "_begun_s", None)
    settings.DRAIN_S = 0
    assert not drain.is_overdue()
    drain.begin()
    assert drain.is_overdue()
    settings.DRAIN_S = 60
    assert not drain.is_overdue()


def test_a_worker_that_is_stopped_at_once_hands_back(
    queued: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(run, "_analyzer", stopped)
    with pytest.raises(SystemExit):
        run.run(str(queued.id))
    queued.refresh_from_db()
    assert (queued.status, queued.workers_lost) == (Status.QUEUED, 0)


def test_nothing_is_left_of_what_was_deleted_meanwhile(
    queued: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, finish = queued.folder, Lease.finish

    def deleted_first(lease: Lease, *result: object) -> None:
        delete(queued)
        default_storage.save(f"{folder}/report.html", ContentFile(b"written too late"))
        finish(lease, *result)  # type: ignore[arg-type]

    monkeypatch.setattr(Lease, "finish", deleted_first)
    run.run(str(queued.id))
    assert not Analysis.objects.exists()
    assert not default_storage.exists(folder)
