"""The page of API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from facetell.web.accounts.keys import make_key, recognize
from facetell.web.accounts.models import ApiKey, Scope
from facetell.web.accounts.people import new_guest

KEYS = "/account/keys/"
WANTED = {"name": "laptop", "scope": "write", "days": "90"}


@pytest.fixture(autouse=True)
def _accounts(settings: Any) -> None:
    settings.ACCOUNTS = True
    cache.clear()


def test_a_key_is_made_and_shown_once(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.post(KEYS, WANTED)
    secret = page.context["secret"]
    assert secret in page.text
    key = recognize(secret)
    assert key is not None
    assert (key.owner, key.name, key.scope) == (ada, "laptop", Scope.WRITE)
    assert key.expires_at is not None
    assert round((key.expires_at - key.created_at) / timedelta(days=1)) == 90
    again = client.get(KEYS).text
    assert secret not in again
    assert key.prefix in again
    assert page["Cache-Control"] == "private, no-store"


def test_a_key_opens_the_api_until_it_is_revoked(client: Client, ada: User) -> None:
    client.force_login(ada)
    secret = client.post(KEYS, {"name": "x", "scope": "read", "days": ""}).context["secret"]
    program = Client(headers={"authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/analyses").status_code == 200
    key = ApiKey.objects.get()
    assert key.expires_at is None
    assert client.post(f"{KEYS}{key.pk}/revoke/").status_code == 302
    assert program.get("/api/v1/analyses").status_code == 401
    assert "Revoked" in client.get(KEYS).text


def test_nobody_revokes_anothers_key(client: Client, ada: User, bob: User) -> None:
    key, secret = make_key(ada, "laptop")
    client.force_login(bob)
    assert client.post(f"{KEYS}{key.pk}/revoke/").status_code == 404
    assert key.prefix not in client.get(KEYS).text
    assert recognize(secret) is not None


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"scope": "all"}, {"days": "-1"}, {"days": "100000"}]
)
def test_it_makes_no_key_of_nonsense(client: Client, ada: User, wrong: dict[str, str]) -> None:
    client.force_login(ada)
    assert client.post(KEYS, WANTED | wrong).context["secret"] == ""
    assert not ApiKey.objects.exists()


def test_strangers_and_guests_get_none(client: Client, db: None) -> None:
    assert client.post(KEYS, WANTED).status_code == 302
    client.force_login(new_guest())
    assert client.post(KEYS, WANTED).status_code == 404
    assert "API keys" not in client.get("/account/").text
    assert not ApiKey.objects.exists()


def test_without_accounts_the_sole_user_has_keys(client: Client, db: None, settings: Any) -> None:
    settings.ACCOUNTS = False
    assert client.post(KEYS, WANTED).context["secret"].startswith("ftk_")
