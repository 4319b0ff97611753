"""One analysis: its progress until it has ended, then its result."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from facetell.web.analyses import deletion
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.models import Analysis, Status
from facetell.web.analyses.problems import Problem
from facetell.web.analyses.submission import submit
from facetell.web.pages import result

RELOAD_S = 3
"""A page without scripts looks again after so many seconds."""


@require_safe
def analysis(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Show how far an analysis is, or what came out."""
    found = _find(request, analysis_id)
    if found.status == Status.DONE:
        return result.show(request, found)
    response = render(request, "facetell/progress.html", {"analysis": found})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def cancel(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Stop an analysis."""
    deletion.cancel(_find(request, analysis_id))
    return redirect("analysis", analysis_id)


@require_POST
def again(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Analyse the same file with the same settings once more."""
    found = _find(request, analysis_id)
    try:
        settings = Settings(found.frames, found.model, found.start_s, found.end_s)
        fresh, _ = submit(found.owner, found.upload, settings, found.batch)
    except Problem as problem:
        context = {"analysis": found, "problem": problem}
        return render(request, "facetell/progress.html", context, status=problem.status)
    return redirect("analysis", fresh.pk)


def _find(request: HttpRequest, analysis_id: UUID) -> Analysis:
    """One's own analysis; somebody else's is as absent as one that never was."""
    mine = Analysis.objects.select_related("upload").filter(owner_id=request.user.pk)
    return get_object_or_404(mine, pk=analysis_id)
