"""Jobs that nobody works on any more → back into the queue, or put aside."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import default_task_backend
from django_tasks.base import TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist

from facetell.web.analyses.leases import Lease, LeaseLost
from facetell.web.analyses.models import Analysis, Status
from facetell.web.analyses.submission import enqueue
from facetell.wording import Sentence

logger = logging.getLogger(__name__)

LOOKED_AT = 50
"""Queued analyses whose tasks are looked at each time, in the order of the queue: a task that was
lost comes among them, because those before it are done."""


def recover() -> tuple[int, int]:
    """Queue again what silent workers had and what the engine forgot; park what kills workers.

    Returns:
        How many were queued again, how many parked.
    """
    queued = parked = 0
    silent = Analysis.objects.filter(status=Status.RUNNING, lease_until__lt=timezone.now())
    for analysis in silent:
        try:
            again = _take_from_silent(analysis)
        except LeaseLost:  # its worker ended it, or another process recovers too
            continue
        queued, parked = queued + again, parked + (not again)
    return queued + _call_again(), parked


def hand_back(lease: Lease) -> None:
    """Queue again what this worker will not finish; it is not held against the file.

    Raises:
        LeaseLost: the lease was given to another.
    """
    with transaction.atomic():
        lease.release()
        enqueue(Analysis.objects.get(pk=lease.analysis_id))


def _take_from_silent(analysis: Analysis) -> bool:
    lease = Lease(analysis.pk, analysis.attempts)
    lost = analysis.workers_lost + 1
    if lost >= settings.MAX_ATTEMPTS:
        lease.fail("worker_lost", _parked(lost), workers_lost=lost)
        logger.warning("analysis %s is put aside: %d workers died over it", analysis.pk, lost)
        return False
    with transaction.atomic():
        lease.release(workers_lost=lost)
        enqueue(analysis)
    logger.warning("analysis %s is queued again: %s is silent", analysis.pk, analysis.worker)
    return True


def _call_again() -> int:
    """Call again for what waits without a task.

    That happens where a worker dies between taking the task from the engine and the lease, or
    where the database was away just then. A task too many does no harm: it finds nothing to do.
    """
    if not default_task_backend.supports_get_result:
        return 0
    waiting = Analysis.objects.filter(status=Status.QUEUED).order_by("-priority", "created_at")
    forgotten = [analysis for analysis in waiting[:LOOKED_AT] if not _is_called(analysis.task)]
    for analysis in forgotten:
        enqueue(analysis)
    return len(forgotten)


def _is_called(task: str) -> bool:
    try:
        result = default_task_backend.get_result(task)
    except TaskResultDoesNotExist:
        return False
    if result.status == TaskResultStatus.READY:
        return True
    # its worker may be about to take the lease
    lately = timezone.now() - timedelta(seconds=settings.LEASE_S)
    return result.started_at is not None and result.started_at > lately


def _parked(lost: int) -> str:
    return Sentence(
        "the worker died {times} times over this file, so it was put aside; it may need more "
        "memory than there is: try fewer frames or a smaller video",
        times=lost,
    )
