"""One analysis: its progress until it has ended, then its result."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from facetell.web.analyses import deletion
from facetell.web.analyses.models import Status
from facetell.web.analyses.problems import Problem
from facetell.web.analyses.submission import settings_of, submit
from facetell.web.pages import progress, result
from facetell.web.pages.ownership import own_analysis
from facetell.web.pages.posting import post_else


@require_safe
def analysis(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Show how far an analysis is, or what came out."""
    found = own_analysis(request, analysis_id)
    if found.status == Status.DONE:
        return result.show(request, found)
    return progress.show(request, found)


@post_else("analysis")
def cancel(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Stop an analysis."""
    deletion.cancel(own_analysis(request, analysis_id))
    return redirect("analysis", analysis_id)


@post_else("analysis")
def again(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Analyse the same file with the same settings once more."""
    found = own_analysis(request, analysis_id)
    try:
        settings = settings_of(found)
        fresh, _ = submit(found.owner, found.upload, settings, found.batch)
    except Problem as problem:
        return progress.show(request, found, problem)
    return redirect("analysis", fresh.pk)
