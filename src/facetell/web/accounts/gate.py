"""With accounts: who has not signed in sees the sign-in page, or begins as a guest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase

from facetell.web.accounts.people import new_guest

FREE = ("/account/", "/i18n/", "/shared/", "/api/", "/about/", "/privacy/")
"""Where anybody may go; the API and shared links ask in their own way, and so does the account."""
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


class GateMiddleware(LoginRequiredMiddleware):
    """Asks for a sign-in before each page where there are accounts.

    Where guests are allowed, a stranger becomes one with the first thing that they send. A visit
    alone makes no user: most visitors are robots.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Return the way to the sign-in page, or None to go on."""
        if not settings.ACCOUNTS or request.path.startswith(FREE):
            return None
        if settings.GUESTS and not request.user.is_authenticated:
            if request.method == "POST":
                login(request, new_guest(), backend=MODEL_BACKEND)
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)
