"""Around the API: the limit of each address, and problem+json for whatever goes wrong."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from facetell.web.accounts.layer import Layer
from facetell.web.api import rates
from facetell.web.api.problems import CONTENT_TYPE, RateLimited, problem, tell

PREFIX = "/api/"
_SAYS = {
    400: ("bad_request", "the request cannot be understood; is the body what its type says?"),
    403: (
        "forbidden",
        "without accounts this server answers its own machine only; see docs/deployment.md",
    ),
    404: ("not_found", "there is nothing at this address; see /api/v1/docs"),
    405: ("method_not_allowed", "this address does not take that method; see /api/v1/docs"),
    413: ("too_large", "the request is larger than this server accepts"),
    500: ("internal", "an error in this program; its log says more"),
}


class ApiMiddleware(Layer):
    """Lets nothing but problem+json out of the API when something is wrong."""

    def waits(self, request: HttpRequest) -> bool:
        """Whether the request is counted in the database."""
        return settings.SHARED_COUNTS and request.path.startswith(PREFIX)

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        """Count the request; too many from one address are refused before anybody is asked."""
        if not request.path.startswith(PREFIX):
            return None
        try:
            rates.count(f"address:{request.META.get('REMOTE_ADDR', '')}", settings.RATE_ADDRESS)
        except RateLimited as error:
            return tell(error)
        return None

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Tell Django's own refusals as problems."""
        return _told(response) if request.path.startswith(PREFIX) else response


def _told(response: HttpResponseBase) -> HttpResponseBase:
    """Django's own answers to mistakes are pages; programs cannot read those."""
    status = response.status_code
    if status < HTTPStatus.BAD_REQUEST or response.get("Content-Type") == CONTENT_TYPE:
        return response
    code, detail = _SAYS.get(status, (f"http_{status}", response.reason_phrase))
    told = problem(status, code, detail)
    if "Allow" in response:
        told["Allow"] = response["Allow"]
    return told
