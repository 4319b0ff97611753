"""Without accounts every request from this machine is the sole user's."""

from __future__ import annotations

from copy import copy

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from facetell.web.accounts.exposure import is_near
from facetell.web.accounts.layer import Layer
from facetell.web.accounts.people import sole_user

_FAR = (
    "This server has no accounts, so it answers its own machine only. Its operator can set "
    "FACETELL_ACCOUNTS=1 or FACETELL_OPEN=1; docs/deployment.md says what each means.\n"
)


class SoleUserMiddleware(Layer):
    """Puts the sole user into each request where there are no accounts; refuses other machines."""

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        """Put the user in, to be fetched when first needed."""
        if settings.ACCOUNTS:
            return None
        if not settings.OPEN and not is_near(request):
            return HttpResponse(_FAR, status=403, content_type="text/plain; charset=utf-8")

        def get_user() -> User:
            return copy(sole_user())  # a view may change its user, and not the next request's

        async def get_user_async() -> User:
            return await sync_to_async(get_user)()

        request.user = SimpleLazyObject(get_user)  # type: ignore[assignment]
        request.auser = get_user_async
        return None
