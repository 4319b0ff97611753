"""How the verdict on one video moves with the number of frames."""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from facetell.web.analyses.models import Analysis
from facetell.web.analyses.problems import Problem
from facetell.web.analyses.submission import settings_of, submit
from facetell.web.pages.comparison import comparison_of
from facetell.web.pages.ownership import own_analysis


@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Show one video with 10 to 100 frames; queue what is missing of that."""
    analysis = own_analysis(request, analysis_id)
    if request.method != "POST":
        return _page(request, analysis)
    try:
        for row in comparison_of(analysis).missing:
            settings = replace(settings_of(analysis), frames=str(row.frames))
            submit(cast("User", request.user), analysis.upload, settings)
    except Problem as problem:
        return _page(request, analysis, problem)
    return redirect("compare", analysis.pk)


def _page(request: HttpRequest, analysis: Analysis, problem: Problem | None = None) -> HttpResponse:
    context = {
        "analysis": analysis,
        "comparison": comparison_of(analysis),
        "deleted": not analysis.upload.file,
        "problem": problem,
    }
    status = problem.status if problem else 200
    response = render(request, "facetell/compare.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
