"""A middleware that does no input or output, for sync and async views alike.

Django's MiddlewareMixin would hop to a thread for each of its steps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class Layer:
    """What is done before a view and after it; subclasses override either."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer a request."""
        if self._is_async:
            return self._answer(request)
        early = self.before(request)
        response = early or cast("HttpResponseBase", self._get_response(request))
        return self.after(request, response)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        early = self.before(request)
        response = early or await cast("Awaitable[HttpResponseBase]", self._get_response(request))
        return self.after(request, response)

    def before(self, _: HttpRequest, /) -> HttpResponseBase | None:
        """Return an answer to give instead of the view's, or None."""
        return None

    def after(self, _: HttpRequest, response: HttpResponseBase, /) -> HttpResponseBase:
        """Return the answer, changed or not."""
        return response
