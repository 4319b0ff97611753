"""Files of an analysis → answers with an ETag: what a browser or program has is not sent again."""

from __future__ import annotations

import hashlib

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from facetell.web.analyses.models import Analysis

KEPT_S = 3600
"""A browser asks no more for so long: pictures never change, but their owner may delete them."""
PICTURES = ("faces", "heatmaps", "frames")
"""Folders of pictures that pages and API show."""


def picture_answer(
    request: HttpRequest, analysis: Analysis, kind: str, number: int
) -> HttpResponse:
    """Send a face crop, a heat map or a sampled frame; 304 if it is known already.

    Raises:
        Http404: there is none of that kind and number.
    """
    if kind not in PICTURES:
        raise Http404
    return file_answer(request, analysis, f"{kind}/{number}.jpg", "image/jpeg")


def file_answer(
    request: HttpRequest, analysis: Analysis, name: str, content_type: str
) -> HttpResponse:
    """Send a file of an analysis that is done; 304 if it is known already.

    Args:
        request: what was asked.
        analysis: whose folder it is in.
        name: within that folder.
        content_type: as which it is sent.

    Raises:
        Http404: there is no such file.
    """
    # what an analysis wrote never changes, so its name and the time name its content
    tag = hashlib.sha256(f"{analysis.pk}/{name}/{analysis.finished_at}".encode()).hexdigest()[:32]
    try:
        with default_storage.open(f"{analysis.folder}/{name}") as file:
            response = HttpResponse(file.read(), content_type=content_type)
    except OSError:
        raise Http404(f"this analysis has no {name}") from None
    response["Cache-Control"] = f"private, max-age={KEPT_S}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return conditional(request, response, tag)


def conditional(request: HttpRequest, response: HttpResponse, tag: str) -> HttpResponse:
    """Name an answer by its tag, and send 304 instead if that is known already."""
    response["ETag"] = f'"{tag}"'
    patch_vary_headers(response, ("Authorization", "Cookie"))
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
