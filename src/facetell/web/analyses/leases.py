"""Who may work on an analysis: a worker holds a lease and renews it, or loses it.

Every write of a worker names the attempt that it was given, so that one that was thought dead and
is not can spoil nothing: its writes meet no row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.dispatch import Signal
from django.utils import timezone

from facetell.web.analyses.models import Analysis, Result, Status
from facetell.web.analyses.sentences import keep_sentences

ended = Signal()
"""Sent with `analysis_id` in the transaction that ends an analysis, to apps above this one."""


class LeaseLost(Exception):
    """Another worker has the analysis, or it is gone."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One attempt at one analysis."""

    analysis_id: UUID
    attempt: int

    def renew(self, **fields: Any) -> bool:
        """Say that the worker lives, and write fields such as its progress.

        Returns:
            Whether somebody asked to cancel.

        Raises:
            LeaseLost: the lease was given to another.
        """
        until = timezone.now() + timedelta(seconds=settings.LEASE_S)
        self._write(lease_until=until, **fields)
        return self._row().filter(cancel_asked=True).exists()

    def finish(
        self, document: dict[str, Any], pictures: dict[str, Any], told: Iterable[str] = ()
    ) -> None:
        """Write the result.

        Args:
            document: the command line's JSON of it.
            pictures: what lies in the analysis' folder; see `artifacts`.
            told: its reasons and warnings as they were made, to be said in other languages.

        Raises:
            LeaseLost: the lease was given to another, whose result counts.
        """
        with transaction.atomic():
            self._end(
                Status.DONE,
                label=document["label"],
                p_fake=document["p_fake"],
                sentences=keep_sentences(told),
            )
            Result.objects.update_or_create(
                analysis_id=self.analysis_id,
                defaults={"document": document, "pictures": pictures},
            )

    def fail(self, code: str, message: str, **fields: Any) -> None:
        """Write why it failed, and other fields.

        Raises:
            LeaseLost: as above.
        """
        kept = keep_sentences([message])
        self._end(Status.FAILED, error_code=code, error_message=message, sentences=kept, **fields)

    def cancel(self) -> None:
        """Write that it was cancelled.

        Raises:
            LeaseLost: as above.
        """
        self._end(Status.CANCELLED)

    def release(self, **fields: Any) -> None:
        """Let it wait again, and write other fields; see `recovery`, which also calls for it.

        Raises:
            LeaseLost: as above.
        """
        self._write(status=Status.QUEUED, lease_until=None, stage="", done=0, **fields)

    def _end(self, status: Status, **fields: Any) -> None:
        with transaction.atomic():
            self._write(status=status, lease_until=None, finished_at=timezone.now(), **fields)
            ended.send(sender=Lease, analysis_id=self.analysis_id)

    def _write(self, **fields: Any) -> None:
        if not self._row().update(**fields):
            raise LeaseLost(f"analysis {self.analysis_id}: attempt {self.attempt} lost its lease")

    def _row(self) -> QuerySet[Analysis]:
        return Analysis.objects.filter(
            pk=self.analysis_id, attempts=self.attempt, status=Status.RUNNING
        )


def take(analysis_id: str | UUID, worker: str) -> Lease | None:
    """Begin an attempt; None if the analysis is not to be had: ended, gone or with another."""
    now = timezone.now()
    with transaction.atomic():
        taken = Analysis.objects.filter(pk=analysis_id, status=Status.QUEUED).update(
            status=Status.RUNNING,
            worker=worker,
            attempts=F("attempts") + 1,
            lease_until=now + timedelta(seconds=settings.LEASE_S),
            started_at=now,
            stage="",
            done=0,
            total=None,
        )
        if not taken:
            return None
        attempt = Analysis.objects.values_list("attempts", flat=True).get(pk=analysis_id)
    return Lease(UUID(str(analysis_id)), attempt)
