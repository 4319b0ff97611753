"""The start page: files and settings in, an analysis or a batch of them out."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any, cast

from django.conf import settings as server
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from facetell.options import MEDIA_SUFFIXES
from facetell.web.analyses.choices import DEFAULT_FRAMES, DEFAULT_MODEL, Settings, models
from facetell.web.analyses.problems import Problem
from facetell.web.analyses.sentences import told
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep
from facetell.web.pages.frame_choices import offered
from facetell.web.pages.model_facts import facts_of
from facetell.web.pages.posting import post_else
from facetell.web.pages.refusals import refusal, wants_json
from facetell.web.pages.sending import begin

SAMPLE = "astronaut_fake.mp4"
"""The bundled clip that people try: a recording whose face was blended with a changed copy."""


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form; take files and begin to analyse them."""
    if request.method != "POST":
        return _form(request)
    try:
        place = begin(request)
    except Problem as problem:
        return _refusal(request, problem)
    if wants_json(request):
        return JsonResponse({"location": place}, status=202)
    return HttpResponseRedirect(place, status=303)


@post_else("upload")
def sample(request: HttpRequest) -> HttpResponse:
    """Analyse the bundled clip."""
    owner = cast("User", request.user)
    try:
        clip = keep(owner, _sample_bytes(), SAMPLE)
        analysis, _ = submit(owner, clip, Settings())
    except Problem as problem:
        return _refusal(request, problem)
    return redirect("analysis", analysis.pk)


def _sample_bytes() -> Iterator[bytes]:
    yield (files("facetell") / "data" / "samples" / SAMPLE).read_bytes()


def _form(request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
    cards = models()
    model = request.POST.get("model", DEFAULT_MODEL)
    context: dict[str, Any] = {
        "problem": problem,
        "frame_choices": offered(cards.get(model, cards[DEFAULT_MODEL])),
        "chosen_frames": request.POST.get("frames", DEFAULT_FRAMES),
        "models": [facts_of(card) for card in cards.values()],
        "chosen_model": model,
        "suffixes": sorted(MEDIA_SUFFIXES),
        "max_bytes": server.MAX_UPLOAD_BYTES,
        "max_total_bytes": server.MAX_REQUEST_BYTES,
        "max_files": server.DATA_UPLOAD_MAX_NUMBER_FILES,
        "words": _words(),
    }
    return render(
        request, "facetell/upload.html", context, status=problem.status if problem else 200
    )


def _words() -> dict[str, str]:
    """Sentences that the page's script says."""
    return {
        "tooLarge": gettext("{name} has {size}; at most {limit} are accepted"),
        "wrongType": gettext("{name} is no video or picture that can be read"),
        "tooMany": gettext("At most {limit} files can be sent at once"),
        "tooMuch": gettext("Together they have {size}; send at most {limit} at once"),
        "empty": gettext("{name} is empty"),
        "noPreview": gettext("No preview in this browser; it can be analysed all the same"),
        "remove": gettext("Remove {name}"),
        "files": gettext("{count} files, {size}"),
        "sending": gettext("Sending: {percent} %"),
        "sent": gettext("All is sent; the server is checking it"),
        "broken": gettext("The connection broke off; nothing was kept. Send it again"),
        "refused": gettext("The server answered with an error ({status}); try again in a minute"),
        "tooLargeForServer": gettext("Together these files are too large for the server"),
        "every": gettext("In this video: a look every {seconds} s."),
    }


def _refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The same page with what was wrong, or only that for a script."""
    if wants_json(request):
        return refusal(problem.code, told(problem), problem.status)
    return _form(request, problem)
