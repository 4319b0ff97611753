"""Nobody sees another's videos: every address with an id, asked for by everybody else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from facetell.web.accounts.people import new_guest
from facetell.web.analyses.models import Analysis, Batch

SHARED = "shared/"
"""Asked for by whoever holds a signed link: tests/web/test_share.py."""
METHODS = ("get", "head", "post", "put", "patch", "delete")


def addresses(patterns: list[Any], start: str = "") -> Iterator[str]:
    """Every address of the application as it is written in its urls, with its placeholders."""
    for each in patterns:
        route = start + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, route)
        elif isinstance(each, URLPattern) and "<" in route and not route.startswith(SHARED):
            yield route


def filled(route: str, thing: uuid.UUID) -> str:
    """The address of one thing."""
    plain = {"slug:ending": "json", "slug:kind": "faces", "int:number": 0}
    plain |= {"ending": "json", "extension": "json", "number": 0}
    plain |= {"uidb64": "MQ", "token": "none", "str:token": "none", "int:key_id": 1}
    path = "/" + route
    for name, value in plain.items():
        path = path.replace(f"<{name}>", str(value))
    return re.sub(r"<(uuid:|uuidstr:)?\w+_id>", str(thing), path)


def answer(client: Client, method: str, route: str, thing: uuid.UUID) -> tuple[int, str]:
    """What is answered, without the thing's own id."""
    path = filled(route, thing)
    assert "<" not in path, f"say here what stands in {route}"
    response = getattr(client, method)(path)
    return response.status_code, response.headers.get("Location", "").replace(str(thing), "ID")


@pytest.fixture
def others(ada: User, bob: User, settings: Any) -> dict[str, Client]:
    settings.ACCOUNTS = settings.GUESTS = True
    clients = {name: Client() for name in ("bob", "a guest", "nobody")}
    clients["bob"].force_login(bob)
    clients["a guest"].force_login(new_guest())
    return clients


def test_a_thing_of_somebody_elses_is_as_absent_as_none(
    done: Analysis, others: dict[str, Client]
) -> None:
    batch = Batch.objects.create(owner=done.owner)
    routes = list(addresses(get_resolver().url_patterns))
    owner, seen, leaks = Client(), 0, []
    owner.force_login(done.owner)
    for route in routes:
        thing = batch.pk if route.startswith(("batches", "api/v1/batches")) else done.pk
        for method in METHODS:
            for who, client in others.items():
                got = answer(client, method, route, thing)
                if got[0] < 300 or got != answer(client, method, route, uuid.uuid4()):
                    leaks.append(f"{who} {method} {route}: {got}")
        seen += owner.get(filled(route, thing)).status_code == 200
    assert leaks == []
    assert seen >= 8, "the addresses are those of something that is there"
    assert len(routes) > 10
    done.refresh_from_db()
    assert Batch.objects.filter(pk=batch.pk).exists()


def test_the_pages_do_not_tell_either(done: Analysis, others: dict[str, Client]) -> None:
    pages = []
    for thing in (done.pk, uuid.uuid4()):
        response = others["bob"].get(f"/analyses/{thing}/")
        assert response.status_code == 404
        pages.append(re.sub(r'value="[^"]*"', "", response.text).replace(str(thing), "ID"))
    assert pages[0] == pages[1]
