"""Headers, cookies, hosts and origins; settings of a server on the internet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path

from facetell.errors import UsageError
from facetell.web.accounts import people
from facetell.web.accounts.exposure import (
    check_exposure,
    is_loopback,
    open_warning,
    require_permission,
)

PRODUCTION = {
    "FACETELL_ACCOUNTS": "1",
    "FACETELL_TLS": "1",
    "FACETELL_PROXY": "127.0.0.1",
    "FACETELL_ALLOWED_HOSTS": "facetell.example.org",
    "FACETELL_TRUSTED_ORIGINS": "https://facetell.example.org",
}


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.user.get_username()} {request.META['REMOTE_ADDR']}")


async def whoami_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse((await request.auser()).get_username())


urlpatterns = [
    path("who/", whoami),
    path("who/async/", whoami_async),
    path("", include("facetell.web.urls")),  # the page of a refusal links to others
]
here = pytest.mark.urls(__name__)


def python(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the application's own settings, not those of the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FACETELL_", "DJANGO_"))}
    kept |= {"FACETELL_DATA_DIR": str(folder), **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=kept, capture_output=True, text=True, check=False)


def manage(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "facetell.web.manage", *arguments, folder=folder, **environment)


def test_production_settings_pass_djangos_deployment_check(tmp_path: Path) -> None:
    check = ("check", "--deploy", "--fail-level", "WARNING")
    outcome = manage(*check, folder=tmp_path, **PRODUCTION)
    assert outcome.returncode == 0, outcome.stderr
    # the same check does find something where there is no TLS
    assert manage(*check, folder=tmp_path, **PRODUCTION | {"FACETELL_TLS": "0"}).returncode


@pytest.mark.parametrize(
    ("environment", "identity"),
    [
        ({"FACETELL_ALLOWED_HOSTS": "facetell.example.org"}, "facetell.E001"),
        ({"FACETELL_ALLOWED_HOSTS": "example.org", "FACETELL_OPEN": "1"}, "facetell.W001"),
        ({"FACETELL_GUESTS": "1"}, "facetell.E002"),
        ({"FACETELL_ACCOUNTS": "1", "FACETELL_ALLOWED_HOSTS": "*"}, "facetell.W002"),
        ({}, ""),
    ],
)
def test_the_check_finds_exposure(
    settings: Any, environment: dict[str, str], identity: str
) -> None:
    settings.ALLOWED_HOSTS = environment.get("FACETELL_ALLOWED_HOSTS", "localhost").split(",")
    for name in ("ACCOUNTS", "OPEN", "GUESTS"):
        setattr(settings, name, environment.get(f"FACETELL_{name}") == "1")
    assert [message.id for message in check_exposure()] == ([identity] if identity else [])


def test_it_listens_elsewhere_only_with_accounts_or_when_told(settings: Any) -> None:
    require_permission("127.0.0.1")
    with pytest.raises(UsageError, match=r"FACETELL_ACCOUNTS=1 .* or FACETELL_OPEN=1"):
        require_permission("0.0.0.0")
    settings.OPEN = True
    require_permission("0.0.0.0")
    assert "everybody sees everybody's" in open_warning("0.0.0.0")
    assert not open_warning("::1")
    settings.OPEN, settings.ACCOUNTS = False, True
    require_permission("0.0.0.0")
    assert not open_warning("0.0.0.0")


@pytest.mark.parametrize("host", ["::ffff:127.0.0.1", "127.9.9.9", "LOCALHOST.", "fe.localhost"])
def test_this_machine_has_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::ffff:10.0.0.1", "localhost.example.org", "2130706433"]
)
def test_other_names_are_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


@here
@pytest.mark.django_db
def test_without_accounts_everybody_here_is_the_sole_user(client: Client) -> None:
    assert client.get("/who/").content == b"me 127.0.0.1"
    assert not User.objects.get().has_usable_password()


@here
@pytest.mark.django_db
def test_an_async_view_gets_the_sole_user(async_client: AsyncClient) -> None:
    assert async_to_sync(async_client.get)("/who/async/").content == b"me"


@here
@pytest.mark.django_db(transaction=True)
def test_the_sole_user_costs_one_query_a_process(
    client: Client, django_assert_num_queries: Any
) -> None:
    people.forget_sole_user()
    client.get("/who/")
    with django_assert_num_queries(0):
        assert client.get("/who/").content.startswith(b"me")


@pytest.mark.django_db
def test_the_sole_user_of_a_test_that_is_over_is_forgotten() -> None:
    assert User.objects.filter(pk=people.sole_user().pk).exists()


@here
@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "10.0.0.7"},
        {"HTTP_X_FORWARDED_FOR": "10.0.0.7"},
        {"HTTP_FORWARDED": "for=10.0.0.7"},
    ],
)
@pytest.mark.django_db
def test_without_accounts_other_machines_are_refused(
    client: Client, settings: Any, headers: dict[str, str]
) -> None:
    assert client.get("/who/", **headers).status_code == 403  # type: ignore[arg-type]
    settings.OPEN = True
    assert client.get("/who/", **headers).status_code == 200  # type: ignore[arg-type]


@here
def test_a_foreign_host_name_is_refused(client: Client) -> None:
    assert client.get("/who/", headers={"host": "rebound.example.org"}).status_code == 400


@here
@pytest.mark.parametrize("origin", ["https://evil.example.org", "null"])
@pytest.mark.django_db
def test_a_post_from_another_site_is_refused(origin: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/who/", headers={"origin": origin}).status_code == 403
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post("/who/", {"csrfmiddlewaretoken": "a" * 32}, headers={"origin": origin})
    assert answer.status_code == 403
    own = {"origin": "http://testserver"}
    assert client.post("/who/", {"csrfmiddlewaretoken": "a" * 32}, headers=own).status_code == 200


@here
@pytest.mark.parametrize("address", ["/who/", "/nowhere/"])
@pytest.mark.django_db
def test_every_answer_carries_the_headers(client: Client, address: str) -> None:
    headers = client.get(address).headers
    policy = dict(d.partition(" ")[::2] for d in headers["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


ASK = """
import asyncio
from facetell.web.asgi import application
from asgiref.testing import ApplicationCommunicator

async def ask(client, *headers):
    scope = {"type": "http", "method": "GET", "path": "/i18n/setlang/", "query_string": b"",
             "headers": [(b"host", b"facetell.example.org"), *headers], "scheme": "http",
             "client": (client, 1), "server": ("127.0.0.1", 8000), "http_version": "1.1"}
    server = ApplicationCommunicator(application, scope)
    await server.send_input({"type": "http.request", "body": b""})
    start = await server.receive_output(5)
    names = {name.lower() for name, _ in start["headers"]}
    print(start["status"], b"strict-transport-security" in names)

https = (b"x-forwarded-proto", b"https")
asyncio.run(ask("127.0.0.1", https))
asyncio.run(ask("10.0.0.7", https))
asyncio.run(ask("127.0.0.1"))
"""


def test_only_the_named_proxy_is_believed(tmp_path: Path) -> None:
    outcome = python("-c", ASK, folder=tmp_path, **PRODUCTION)
    assert outcome.stdout.splitlines() == ["302 True", "301 False", "301 False"], outcome.stderr
    nobody = python("-c", ASK, folder=tmp_path, **PRODUCTION | {"FACETELL_PROXY": ""})
    assert nobody.stdout.splitlines() == ["301 False"] * 3, nobody.stderr
