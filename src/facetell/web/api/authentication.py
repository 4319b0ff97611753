"""Who asks: the holder of a key, or the person whose session a browser shows."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from facetell.web.accounts.keys import recognize
from facetell.web.accounts.models import ApiKey, Scope
from facetell.web.api import rates
from facetell.web.api.problems import Forbidden, Unauthorized

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SENT_BY_BROWSERS = ("Cookie", "Origin", "Referer", "Sec-Fetch-Site")


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may ask; with a key, or as a person with a session."""

    owner: User
    key: ApiKey | None = None


class Key(HttpBearer):
    """`Authorization: Bearer ftk_…`."""

    openapi_description = "a key made by `facetell-web apikey` or in the account page"

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Return who holds a key.

        Raises:
            Unauthorized: it is worth nothing.
            Forbidden: it is for reading only.
            RateLimited: it is used too often.
        """
        key = recognize(token)
        if key is None:
            raise Unauthorized("this key is unknown, expired or revoked; make another")
        rates.count(f"key:{key.pk}", settings.RATE_KEY)
        if request.method not in SAFE and key.scope != Scope.WRITE:
            raise Forbidden("this key is for reading only; make one with the scope write")
        request.user = key.owner
        return Caller(key.owner, key)


class Session(APIKeyCookie):
    """The session of a page; without accounts, whoever reaches this machine's own address."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Caller:
        """Return who is signed in.

        Raises:
            Unauthorized: nobody.
            Forbidden: a browser was led here by another page, or forgot its CSRF token.
        """
        if not request.user.is_authenticated:
            raise Unauthorized("send a key: Authorization: Bearer ftk_…, or sign in")
        if request.method not in SAFE and _by_browser(request) and check_csrf(request):
            raise Forbidden("the CSRF token is missing or wrong; send it as X-CSRFToken")
        return Caller(request.user)

    def authenticate(self, request: HttpRequest, key: str | None) -> None:
        """Never asked: Django's session said already who it is."""


def _by_browser(request: HttpRequest) -> bool:
    """Whether another site's page could be behind a request.

    Without accounts no cookie is needed, so that curl works as it is; every browser that runs
    Django's pages sends at least one of these headers with a request that another page made.
    """
    return settings.ACCOUNTS or any(map(request.headers.get, _SENT_BY_BROWSERS))


def owner_of(request: HttpRequest) -> User:
    """Return whose request it is, once it has been let in."""
    assert isinstance(request.user, User)
    return request.user
