"""Where a waiting analysis stands in the queue."""

from __future__ import annotations

from django.db.models import Q

from facetell.web.analyses.models import Analysis, Status


def place(analysis: Analysis) -> int | None:
    """Return how soon an analysis is begun: 1 is next; None if it does not wait."""
    if analysis.status != Status.QUEUED:
        return None
    sooner = Q(priority__gt=analysis.priority) | Q(
        priority=analysis.priority, created_at__lt=analysis.created_at
    )
    return Analysis.objects.filter(sooner, status=Status.QUEUED).count() + 1
