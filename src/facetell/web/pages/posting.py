"""Views that change something: they take POST alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

View = Callable[..., HttpResponseBase]


def post_else(page: str) -> Callable[[View], View]:
    """Lead whoever comes without a form to the page that has it.

    A reload, another language and a sign-in in between all come back by GET.

    Args:
        page: name of the page; it takes the same parts of the address as the view.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method != "POST":
                return cast("HttpResponseBase", redirect(page, *args, **kwargs))
            return view(request, *args, **kwargs)

        return guarded

    return decorate
