"""Answers with an ETag: what a client has already is not sent again."""

from __future__ import annotations

import hashlib

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from ninja import Schema

from facetell.web.analyses.models import Analysis
from facetell.web.api.problems import NotFound

KEPT_S = 3600
"""A browser asks no more for so long: pictures never change, but their owner may delete them."""


def json_answer(request: HttpRequest, body: Schema) -> HttpResponse:
    """Send an object; 304 if the client has it."""
    data = body.model_dump_json().encode()
    response = HttpResponse(data, content_type="application/json")
    response["Cache-Control"] = "private, no-cache"
    return _conditional(request, response, hashlib.sha256(data).hexdigest()[:32])


def file_answer(
    request: HttpRequest, analysis: Analysis, name: str, content_type: str
) -> HttpResponse:
    """Send a file of an analysis that is done; 304 if the client has it.

    Args:
        request: what was asked.
        analysis: whose folder it is in.
        name: within that folder.
        content_type: as which it is sent.

    Raises:
        NotFound: there is no such file.
    """
    # what an analysis wrote never changes, so its name and the time name its content
    tag = hashlib.sha256(f"{analysis.pk}/{name}/{analysis.finished_at}".encode()).hexdigest()[:32]
    try:
        with default_storage.open(f"{analysis.folder}/{name}") as file:
            response = HttpResponse(file.read(), content_type=content_type)
    except OSError:
        raise NotFound(f"this analysis has no {name}") from None
    response["Cache-Control"] = f"private, max-age={KEPT_S}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return _conditional(request, response, tag)


def _conditional(request: HttpRequest, response: HttpResponse, tag: str) -> HttpResponse:
    response["ETag"] = f'"{tag}"'
    patch_vary_headers(response, ("Authorization", "Cookie"))
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
