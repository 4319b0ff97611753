"""What came out of an analysis."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from facetell.web.analyses.models import Analysis


def show(request: HttpRequest, analysis: Analysis) -> HttpResponse:
    """Show the result of an analysis that is done."""
    document = analysis.result.document
    return render(request, "facetell/result.html", {"analysis": analysis, "document": document})
