"""No page can be framed, and none takes a form that another site sent: asked of every address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

ANY = "00000000-0000-4000-8000-000000000000"
API = "api/v1/"

pytestmark = pytest.mark.django_db


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address, with its parameters unfilled, and its pattern."""
    for each in resolver.url_patterns:
        route = before + str(each.pattern).lstrip("^")
        if isinstance(each, URLResolver):
            yield from patterns(each, route)
        else:
            yield route, each


def filled(route: str) -> str:
    """Fill in parameters with what has their form."""
    for kind, value in (("uuid", ANY), ("int", "1"), ("str", "x"), ("slug", "x"), ("path", "x")):
        while f"<{kind}:" in route:
            start = route.index(f"<{kind}:")
            route = route[:start] + value + route[route.index(">", start) + 1 :]
    return "/" + route


PAGES = sorted(
    {filled(route) for route, _ in patterns(get_resolver("facetell.web.urls")) if API not in route}
)
PLAIN = [address for address in PAGES if not {"<", "(", "?"} & set(address)]


def test_it_knows_the_pages() -> None:
    assert {"/", "/analyses/", f"/analyses/{ANY}/", "/account/"} <= set(PLAIN)
    assert len(PLAIN) >= 0.9 * len(PAGES)


def test_only_the_api_checks_forgery_by_itself() -> None:
    """It must: who shows a key has no cookie that a browser would send along."""
    exempt = {
        route
        for route, pattern in patterns(get_resolver("facetell.web.urls"))
        if getattr(pattern.callback, "csrf_exempt", False)
    }
    assert {route for route in exempt if not route.startswith(API)} == set()


@pytest.mark.parametrize("address", PLAIN)
def test_no_page_takes_a_form_of_another_site(address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    for headers in ({}, {"origin": "https://evil.example.org"}):
        answer = client.post(address, {"csrfmiddlewaretoken": "a" * 32}, headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("address", PLAIN)
def test_no_page_can_be_framed(address: str) -> None:
    client = Client()
    headers = client.get(address).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
