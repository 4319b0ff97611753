"""Links to a result: made and revoked by its owner, followed by whoever has one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from facetell.web.analyses import sharing
from facetell.web.analyses.downloads import picture_answer
from facetell.web.analyses.models import Analysis, ShareLink
from facetell.web.analyses.problems import Problem, UnknownSetting
from facetell.web.pages.media import send_upload
from facetell.web.pages.ownership import own_result
from facetell.web.pages.result import own_context, result_context
from facetell.wording import Sentence

Sent = Callable[..., HttpResponseBase]

QUIET = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
"""A link is a secret: no search engine, no other site and no cache is to keep it."""


@require_POST
def share(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Make a link to a result."""
    analysis = own_result(request, analysis_id)
    try:
        sharing.share(analysis, _days(request), "with_video" in request.POST)
    except Problem as problem:
        context = own_context(request, analysis) | {"problem": problem}
        return render(request, "facetell/result.html", context, status=problem.status)
    return _back(analysis)


@require_POST
def revoke(request: HttpRequest, analysis_id: UUID, link_id: UUID) -> HttpResponse:
    """Make a link lead nowhere."""
    analysis = own_result(request, analysis_id)
    ShareLink.objects.filter(analysis=analysis, pk=link_id).delete()
    return _back(analysis)


def _of_a_link(view: Callable[..., HttpResponseBase]) -> Sent:
    """Hand the view the link of a token, and keep its answer to whoever has the link."""

    @login_not_required
    @require_safe
    @wraps(view)
    def answered(request: HttpRequest, token: str, **arguments: Any) -> HttpResponseBase:
        link = sharing.link_of(token)
        if link is None:
            raise Http404
        response = view(request, token, link, **arguments)
        for name, value in QUIET.items():
            response[name] = value
        return response

    return answered


@_of_a_link
def shared(request: HttpRequest, token: str, link: ShareLink) -> HttpResponseBase:
    """Show a result to whoever has the link."""
    root = reverse("shared", args=[token])
    context = result_context(link.analysis, root, root, with_media=link.with_video)
    return render(request, "facetell/result_shared.html", context | {"link": link, "shared": True})


@_of_a_link
def shared_video(request: HttpRequest, _: str, link: ShareLink) -> HttpResponseBase:
    """Send the video, if it was shared too."""
    if not link.with_video:
        raise Http404
    return send_upload(request, link.analysis.upload)


@_of_a_link
def shared_picture(
    request: HttpRequest, _: str, link: ShareLink, kind: str, number: int
) -> HttpResponseBase:
    """Send a face crop or a heat map; a frame of the video only where that was shared."""
    if kind == "frames" and not link.with_video:
        raise Http404
    return picture_answer(request, link.analysis, kind, number)


def _days(request: HttpRequest) -> int:
    text = request.POST.get("days", "")
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise UnknownSetting(
            Sentence(
                "a link cannot hold for {given} days: choose {days}",
                given=repr(text),
                days=", ".join(map(str, sharing.DAYS)),
            )
        )
    return int(text)


def _back(analysis: Analysis) -> HttpResponse:
    return redirect(f"{reverse('analysis', args=[analysis.pk])}#share")
