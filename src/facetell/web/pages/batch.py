"""Files that were sent together: one table that fills up, one summary, one spreadsheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from facetell.verdict import LABELS
from facetell.web.analyses import deletion
from facetell.web.analyses.models import ENDED, Analysis, Batch, Status
from facetell.web.pages import spreadsheet
from facetell.web.pages.listing import COLUMNS, rows
from facetell.web.pages.posting import post_else

RELOAD_S = 5
"""A page without scripts looks again after so many seconds."""
MOST_SUSPICIOUS = (F("p_fake").desc(nulls_last=True), "created_at")


@dataclass(frozen=True, slots=True)
class Summary:
    """How many files stand where.

    Attributes:
        verdicts: (label, how many), those that occur.
        open, ended, failed, cancelled: how many.
    """

    verdicts: tuple[tuple[str, int], ...]
    open: int
    ended: int
    failed: int
    cancelled: int

    @classmethod
    def of(cls, analyses: Sequence[Analysis]) -> Summary:
        """Count."""
        status = Counter(analysis.status for analysis in analyses)
        labels = Counter(a.label for a in analyses if a.status == Status.DONE)
        ended = sum(status[end] for end in ENDED)
        return cls(
            verdicts=tuple((label, labels[label]) for label in LABELS if labels[label]),
            open=len(analyses) - ended,
            ended=ended,
            failed=status[Status.FAILED],
            cancelled=status[Status.CANCELLED],
        )


@require_safe
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Show the analyses of a batch."""
    found = _own(request, batch_id)
    by_suspicion = request.GET.get("order") == "suspicion"
    analyses = list(_analyses(found, by_suspicion=by_suspicion))
    context = {
        "batch": found,
        "analyses": analyses,
        "summary": Summary.of(analyses),
        "by_suspicion": by_suspicion,
        "reload_s": RELOAD_S,
    }
    response = render(request, "facetell/batch.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def batch_csv(request: HttpRequest, batch_id: UUID) -> StreamingHttpResponse:
    """Send a batch as a table for spreadsheets."""
    found = _own(request, batch_id)
    name = f"facetell-batch-{str(batch_id)[:8]}.csv"
    return spreadsheet.download(name, COLUMNS, rows(_analyses(found)))


@post_else("batch")
def cancel(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Stop whatever of a batch has not ended."""
    for analysis in _own(request, batch_id).analyses.exclude(status__in=ENDED):
        deletion.cancel(analysis)
    return redirect("batch", batch_id)


def _own(request: HttpRequest, batch_id: UUID) -> Batch:
    return get_object_or_404(Batch, pk=batch_id, owner_id=request.user.pk)


def _analyses(batch: Batch, *, by_suspicion: bool = False) -> QuerySet[Analysis]:
    order = MOST_SUSPICIOUS if by_suspicion else ("created_at",)
    return batch.analyses.select_related("upload").order_by(*order)
