"""Many at once, each thread with a connection of its own: one gets it, one row is made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from facetell.web.analyses.choices import Settings
from facetell.web.analyses.leases import Lease, LeaseLost, take
from facetell.web.analyses.models import Analysis, Result, Status, Upload
from facetell.web.analyses.recovery import recover
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 8
T = TypeVar("T")


def at_once(what: Callable[[int], T]) -> list[T]:
    """Call it in threads that all begin together."""
    gate = threading.Barrier(AT_ONCE)

    def call(number: int) -> T:
        gate.wait()
        try:
            return what(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(call, range(AT_ONCE)))


def test_one_of_many_workers_gets_it(queued: Analysis) -> None:
    leases = at_once(lambda number: take(queued.id, f"worker {number}"))
    assert [lease for lease in leases if lease] == [Lease(queued.pk, 1)]


def test_one_of_many_endings_counts(queued: Analysis) -> None:
    lease = take(queued.id, "worker")
    assert lease is not None

    def finish(number: int) -> bool:
        try:
            lease.finish({"label": "real", "p_fake": number / AT_ONCE}, {})
        except LeaseLost:
            return False
        return True

    ended = at_once(finish)
    assert ended.count(True) == 1
    queued.refresh_from_db()
    assert queued.p_fake == ended.index(True) / AT_ONCE
    assert Result.objects.get().document["p_fake"] == queued.p_fake


def test_a_silent_workers_job_is_queued_once(queued: Analysis) -> None:
    take(queued.id, "worker")
    Analysis.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    before = DBTaskResult.objects.count()
    outcomes = at_once(lambda _: recover())
    queued.refresh_from_db()
    assert (queued.status, queued.workers_lost) == (Status.QUEUED, 1)
    assert sum(again for again, _ in outcomes) == DBTaskResult.objects.count() - before
    assert DBTaskResult.objects.ready().filter(pk=queued.task).exists()


def test_the_same_request_many_times_makes_one_analysis(upload: Upload, tiny: str) -> None:
    made = at_once(lambda _: submit(upload.owner, upload, Settings(frames="5", model=tiny)))
    assert [new for _, new in made].count(True) == 1
    assert {analysis.pk for analysis, _ in made} == {Analysis.objects.get().pk}
    assert DBTaskResult.objects.count() == 1


def test_the_same_file_many_times_is_kept_once(ada: User) -> None:
    kept = at_once(lambda _: keep(ada, [b"abcd" * 1000], "a.mp4"))
    assert {upload.pk for upload in kept} == {Upload.objects.get().pk}
