"""Without accounts every request is the sole user's."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from facetell.web.accounts.people import sole_user


class SoleUserMiddleware:
    """Puts the sole user into each request where there are no accounts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        if not settings.ACCOUNTS:
            request.user = sole_user()
        return self._get_response(request)
