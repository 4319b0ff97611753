from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from facetell.web.analyses import leases
from facetell.web.analyses.leases import LeaseLost, take
from facetell.web.analyses.models import Analysis, Result, Status
from facetell.web.analyses.recovery import hand_back, recover

DOCUMENT = {"label": "real", "p_fake": 0.1}


def expire() -> None:
    Analysis.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_only_one_worker_gets_it(queued: Analysis) -> None:
    assert take(queued.id, "one") is not None
    assert take(queued.id, "two") is None
    queued.refresh_from_db()
    assert (queued.worker, queued.attempts, queued.status) == ("one", 1, Status.RUNNING)


def test_a_silent_workers_job_is_taken_and_its_writes_are_refused(queued: Analysis) -> None:
    first = take(queued.id, "one")
    expire()
    recover()
    second = take(queued.id, "two")
    assert first is not None
    assert second is not None
    with pytest.raises(LeaseLost):
        first.renew(done=3)
    with pytest.raises(LeaseLost):
        first.finish(DOCUMENT, {})
    assert not Result.objects.exists()
    second.finish(DOCUMENT, {})
    queued.refresh_from_db()
    assert (queued.status, queued.label, queued.worker) == (Status.DONE, "real", "two")


def test_recovery_queues_a_silent_workers_job_again(queued: Analysis) -> None:
    take(queued.id, "one")
    assert recover() == (0, 0)
    expire()
    assert recover() == (1, 0)
    assert recover() == (0, 0)
    queued.refresh_from_db()
    assert queued.status == Status.QUEUED
    assert DBTaskResult.objects.count() == 2


def test_recovery_parks_what_kills_its_workers(queued: Analysis) -> None:
    for _ in range(3):
        assert take(queued.id, "one") is not None
        expire()
        outcome = recover()
    assert outcome == (0, 1)
    queued.refresh_from_db()
    assert (queued.status, queued.error_code) == (Status.FAILED, "worker_lost")
    assert "3 times" in queued.error_message
    assert take(queued.id, "two") is None


def test_renewing_tells_that_somebody_cancelled(queued: Analysis) -> None:
    lease = leases.take(queued.id, "one")
    assert lease is not None
    assert not lease.renew(done=1)
    Analysis.objects.update(cancel_asked=True)
    assert lease.renew(done=2)
    queued.refresh_from_db()
    assert queued.done == 2


def test_what_is_handed_back_is_not_held_against_the_file(queued: Analysis) -> None:
    for _ in range(5):
        lease = take(queued.id, "one")
        assert lease is not None
        hand_back(lease)
    queued.refresh_from_db()
    assert (queued.status, queued.workers_lost) == (Status.QUEUED, 0)


def test_recovery_calls_again_for_what_the_engine_forgot(queued: Analysis) -> None:
    DBTaskResult.objects.all().delete()
    assert recover() == (1, 0)
    assert recover() == (0, 0)
    assert DBTaskResult.objects.count() == 1
