"""Answers with an ETag: what a client has already is not sent again."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from facetell.web.analyses.downloads import conditional


def json_answer(request: HttpRequest, body: Schema) -> HttpResponse:
    """Send an object; 304 if the client has it."""
    data = body.model_dump_json().encode()
    response = HttpResponse(data, content_type="application/json")
    response["Cache-Control"] = "private, no-cache"
    return conditional(request, response, hashlib.sha256(data).hexdigest()[:32])
