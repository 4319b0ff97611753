"""The API put together: endpoints, who may ask, and how mistakes are told."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from facetell import __version__
from facetell.errors import FacetellError
from facetell.web.analyses.problems import Problem
from facetell.web.api import (
    analyses,
    batches,
    detect,
    events,
    evidence,
    intake,  # noqa: F401 (adds to the router of analyses)
    metrics,
    server,
    webhooks,
)
from facetell.web.api.authentication import Key, Session
from facetell.web.api.problems import CONTENT_TYPE, NotFound, problem, tell

logger = logging.getLogger(__name__)


class Api(NinjaAPI):
    """Ninja's API, whose document says that problems are problem+json."""

    def get_openapi_schema(self, **arguments: Any) -> OpenAPISchema:
        """Write the OpenAPI document."""
        document = super().get_openapi_schema(**arguments)
        for methods in document["paths"].values():
            for operation in methods.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= HTTPStatus.BAD_REQUEST:
                        answer["content"] = {CONTENT_TYPE: answer["content"]["application/json"]}
        return document


api = Api(
    title="facetell",
    version=__version__,
    description="Tells whether the faces in a video are real. See docs/api.md.",
    urls_namespace="api",
    auth=[Key(), Session()],
    docs_url=None,
)
# Two routers must not share an address: the first would answer 405 for the other's methods. So
# `intake` adds to the router of `analyses`.
for module in (analyses, detect, batches, events, evidence, webhooks, server, metrics):
    api.add_router("", module.router)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, error: Problem) -> HttpResponse:  # noqa: ARG001 (ninja's)
    return tell(error)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:  # noqa: ARG001
    return tell(NotFound("there is nothing at this address"))


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001
    return problem(error.status_code, f"http_{error.status_code}", str(error))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:  # noqa: ARG001
    errors = [{"where": [str(part) for part in e["loc"]], "what": e["msg"]} for e in error.errors]
    detail = "; ".join(f"{e['where'][-1]}: {e['what']}" for e in errors)
    return problem(422, "invalid", detail, errors=errors)


@api.exception_handler(FacetellError)
def _unusable(request: HttpRequest, error: FacetellError) -> HttpResponse:
    logger.error("%s %s: %s", request.method, request.path, error)
    return problem(500, error.code, "this server is not set up rightly; its log says more")


@api.exception_handler(Exception)
def _defect(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "internal", "an error in this program; its log says more")


def nowhere(request: HttpRequest, **_: Any) -> HttpResponse:  # noqa: ARG001 (Django's)
    """Answer for addresses that the API does not have."""
    return tell(NotFound("there is nothing at this address; see /api/v1/docs"))
