"""What has to be done now and then: recover jobs, delete what is old, clean up."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.dispatch import Signal
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from facetell.web.analyses.deletion import delete_expired
from facetell.web.analyses.leftovers import remove_leftovers
from facetell.web.analyses.recovery import recover

logger = logging.getLogger(__name__)

tidying = Signal()
"""Sent when house is kept, to apps that this one does not know."""
working = Signal()
"""Sent when a worker begins, to apps that have something to do beside it."""
TIDY_EVERY_S = 600.0
TASKS_KEPT = timedelta(days=1)
"""The engine's rows tell nothing that the analyses don't."""


class Keeper(threading.Thread):
    """Keeps house beside a worker, until the process ends; several do no harm."""

    def __init__(self) -> None:
        super().__init__(name="keeper", daemon=True)
        self._tidied_s = float("-inf")

    def run(self) -> None:
        """Keep house for ever, whatever goes wrong."""
        while True:
            try:
                self.keep()
            except Exception:
                logger.exception("keeping house failed; trying again")
            connection.close()
            time.sleep(settings.LEASE_S / 3)

    def keep(self) -> None:
        """Do once what is due."""
        recover()
        now_s = time.monotonic()
        if now_s - self._tidied_s >= TIDY_EVERY_S:
            tidy()
            self._tidied_s = now_s


def tidy() -> None:
    """Delete what is older than it may be kept, and what nobody will ask for."""
    if deleted := delete_expired():
        logger.info("deleted %d analyses older than %d days", deleted, settings.RETENTION_DAYS)
    remove_leftovers()
    now = timezone.now()
    # those of workers that died never end
    DBTaskResult.objects.exclude(status="READY").filter(started_at__lt=now - TASKS_KEPT).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    tidying.send(sender=None)
