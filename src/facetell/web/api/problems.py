"""What can be wrong with a request, told as problem+json (RFC 9457).

`analyses.problems` knows what can be wrong with a file or a setting; here is what only HTTP knows.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse

from facetell.web.analyses.problems import Problem

CONTENT_TYPE = "application/problem+json"


class NotFound(Problem):
    """No such thing, or it is somebody else's: nobody learns which."""

    code = "not_found"
    status = 404


class Unauthorized(Problem):
    """Nobody said who they are, or the key is worth nothing."""

    code = "unauthorized"
    status = 401


class Forbidden(Problem):
    """The key is for reading, or a browser sent the request without its CSRF token."""

    code = "forbidden"
    status = 403


class RateLimited(Problem):
    """Too many requests a minute.

    Attributes:
        wait_s: seconds after which there is room again.
    """

    code = "rate_limited"
    status = 429

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class NotReady(Problem):
    """Something that the server needs does not answer."""

    code = "not_ready"
    status = 503


class Undone(Problem):
    """Somebody cancelled what was waited for."""

    code = "cancelled"
    status = 409


class Invalid(Problem):
    """A parameter that cannot be understood, or two that don't go together."""

    code = "invalid"
    status = 422


def problem(status: int, code: str, detail: str, **more: Any) -> JsonResponse:
    """Make the answer that tells a problem.

    Args:
        status: of HTTP.
        code: for programs; stable.
        detail: for people: what failed and what to do.
        more: further members of the JSON object.
    """
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    body = {"type": f"urn:facetell:problem:{code}", "title": title, "status": status}
    response = JsonResponse(
        body | {"code": code, "detail": detail} | more, status=status, content_type=CONTENT_TYPE
    )
    response["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="facetell"'
    return response


def tell(error: Problem) -> JsonResponse:
    """Make the answer of a problem that was raised."""
    response = problem(error.status, error.code, str(error))
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(error.wait_s)
    elif error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = "60"
    return response
