"""The live page: a browser's camera, judged while it runs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from facetell import ensemble
from facetell.web.live.streams import MAX_MESSAGE_BYTES, PATH
from facetell.web.live.tickets import make_ticket
from facetell.web.pages.posting import post_else
from facetell.web.pages.words import MEANINGS, VERDICTS

PICTURE_PX = 960
"""Longer side of the pictures sent: a face at a desk keeps more pixels than the model takes."""


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Show the page; it alone may ask for the camera."""
    if not settings.LIVE_STREAMS_TOTAL:
        raise Http404
    card = ensemble.find(settings.LIVE_MODEL)
    setup: dict[str, Any] = {
        "path": PATH,
        "step_ms": round(1000 * card.sampling.step_s),
        "picture_px": PICTURE_PX,
        "max_bytes": MAX_MESSAGE_BYTES - 8,
        "fake": card.thresholds.fake,
        "real": card.thresholds.real,
    }
    response = render(request, "facetell/live.html", {"setup": setup, "words": _words()})
    camera = settings.PERMISSIONS_POLICY.replace("camera=()", "camera=(self)")
    response.headers["Permissions-Policy"] = camera
    return response


@post_else("live")
def ticket(request: HttpRequest) -> HttpResponseBase:
    """Let whoever may see the page open a stream."""
    assert isinstance(request.user, User)
    return JsonResponse({"ticket": make_ticket(request.user.pk)})


def _words() -> dict[str, str]:
    """Return what the script says, in the page's language."""
    named = {f"label_{label}": str(text) for label, text in VERDICTS.items()}
    meant = {f"meaning_{label}": str(text) for label, text in MEANINGS.items()}
    return named | meant | {
        "face": gettext("Face"),
        "asking": gettext("Your browser asks whether this page may use the camera."),
        "connecting": gettext("Connecting"),
        "loading": gettext("Loading the model"),
        "stopped": gettext("Stopped. The camera is off, and nothing was stored."),
        "settling": gettext("Too little was seen so far."),
        "nothing": gettext("no face is scored now"),
        "insecure": gettext(
            "Browsers give the camera to pages at https:// or on this very machine only. Ask "
            "whoever runs this server for its secure address."
        ),
        "refused": gettext(
            "The camera was refused. Allow it for this page beside the address bar, then start "
            "again."
        ),
        "missing": gettext("No camera was found. Plug one in, then start again."),
        "busy": gettext("The camera is in use by another program. Close that, then start again."),
        "lost": gettext("The connection broke off. Trying again in {seconds} s."),
        "too_many_of_yours": gettext("You already watch elsewhere. Stop there first."),
        "too_many": gettext("Too many people watch on this server now. Try again later."),
        "counts": gettext(
            "{analysed} frames judged, {dropped} dropped, {ms} ms from picture to answer"
        ),
        "certainty": gettext("{share} certain to stay"),
        "span": gettext("over the last {seconds} s"),
    }  # fmt: skip
