"""A program that asks the API: Django's client with a key."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from facetell.web.accounts.keys import make_key
from facetell.web.accounts.models import Scope

ROOT = "/api/v1"


def client_of(owner: User, scope: Scope = Scope.WRITE) -> Client:
    """Return a client that shows a key at each request."""
    _, secret = make_key(owner, "test", scope)
    return Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)
