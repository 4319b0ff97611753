"""How far an analysis is, or why it ended without a result."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from facetell import errors
from facetell.web.analyses.models import Analysis, Status
from facetell.web.analyses.problems import Problem
from facetell.web.analyses.queue import place

RELOAD_S = 3
"""A page without scripts looks again after so many seconds."""
STAGES = ("queued", "opening", "frames", "judging")
_FAULTS_OF_THE_FILE = {errors.InputError.code} | {
    error.code for error in errors.InputError.__subclasses__()
}


def show(request: HttpRequest, analysis: Analysis, problem: Problem | None = None) -> HttpResponse:
    """Show an analysis that is not done, and what was wrong with the last wish."""
    context: dict[str, Any] = {
        "analysis": analysis,
        "problem": problem,
        "reload_s": RELOAD_S,
        "stages": _stages(analysis),
        "place": place(analysis),
        "elapsed_s": _elapsed_s(analysis),
        "retryable": analysis.error_code not in _FAULTS_OF_THE_FILE,
        "words": _words(),
    }
    status = problem.status if problem else 200
    response = render(request, "facetell/progress.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _stages(analysis: Analysis) -> list[tuple[str, str]]:
    """Each stage, and whether it is past, current or future."""
    now = "queued" if analysis.status == Status.QUEUED else analysis.stage or "opening"
    at = STAGES.index("judging" if now == "writing" else now)
    states = ["past"] * at + ["current"] + ["future"] * (len(STAGES) - at - 1)
    return list(zip(STAGES, states, strict=True))


def _elapsed_s(analysis: Analysis) -> int:
    waiting = analysis.status == Status.QUEUED or analysis.started_at is None
    began = analysis.created_at if waiting else analysis.started_at
    return int((timezone.now() - began).total_seconds()) if began else 0


def _words() -> dict[str, str]:
    """Sentences that the page's script says."""
    return {
        "next": gettext("Next in the queue"),
        "place": gettext("Number {place} in the queue"),
        "frame": gettext("Frame {done} of about {total}"),
        "waiting": gettext("waiting {time}"),
        "running": gettext("running {time}"),
        "offline": gettext("The server does not answer; still trying"),
    }
