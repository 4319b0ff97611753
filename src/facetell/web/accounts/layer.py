"""A middleware for sync and async views alike, that hops to a thread only where it must.

Django's MiddlewareMixin would hop for each of its steps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class Layer:
    """What is done before a view and after it; subclasses override either."""

    sync_capable = async_capable = True

    def waits(self, _: HttpRequest, /) -> bool:
        """Whether `before` reads or writes anything at this request; it then runs in a thread."""
        return False

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
        before = sync_to_async(self.before) if self.waits(request) else None
        early = await before(request) if before else self.before(request)
        response = early or await cast("Awaitable[HttpResponseBase]", self._get_response(request))
        return self.after(request, response)

    def before(self, _: HttpRequest, /) -> HttpResponseBase | None:
        """Return an answer to give instead of the view's, or None."""
        return None

    def after(self, _: HttpRequest, response: HttpResponseBase, /) -> HttpResponseBase:
        """Return the answer, changed or not."""
        return response
