"""Files that were sent together: one table that fills up."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from facetell.web.analyses.models import Batch


@require_safe
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Show the analyses of a batch."""
    found = get_object_or_404(Batch, pk=batch_id, owner_id=request.user.pk)
    analyses = found.analyses.select_related("upload").order_by("created_at")
    response = render(request, "facetell/batch.html", {"batch": found, "analyses": analyses})
    response["Cache-Control"] = "no-store"
    return response
