"""A request and an id → one's own analysis."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from facetell.web.analyses.models import Analysis, Status


def own_analysis(request: HttpRequest, analysis_id: UUID) -> Analysis:
    """Return an analysis of the person who asks.

    Raises:
        Http404: there is none; somebody else's is as absent as one that never was.
    """
    mine = Analysis.objects.select_related("upload").filter(owner_id=request.user.pk)
    return get_object_or_404(mine, pk=analysis_id)


def own_result(request: HttpRequest, analysis_id: UUID) -> Analysis:
    """Return an analysis of the person who asks, with its result.

    Raises:
        Http404: there is none, or it is not done.
    """
    done = Analysis.objects.select_related("upload", "result").filter(
        owner_id=request.user.pk, status=Status.DONE
    )
    return get_object_or_404(done, pk=analysis_id)
