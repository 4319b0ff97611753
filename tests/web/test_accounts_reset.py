"""A forgotten password: by e-mail, by the operator, and never telling who has an account."""

from __future__ import annotations

import re
import runpy
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from facetell.errors import UsageError
from facetell.web import settings as web_settings
from facetell.web.accounts import resetting
from facetell.web.analyses.models import Analysis

PAGE = "/account/forgotten/"
NEW = {"new_password1": "a much longer one", "new_password2": "a much longer one"}


@pytest.fixture(autouse=True)
def _accounts(settings: Any) -> None:
    settings.ACCOUNTS = True
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "mail.example.org", "facetell@example.org"
    cache.clear()


def ask(client: Client, address: str, **headers: str) -> Any:
    """Ask for a link, and wait until whatever is sent is sent."""
    answer = client.post(PAGE, {"email": address}, headers=headers)
    for thread in threading.enumerate():
        if thread.name == "password-reset":
            thread.join()
    return answer


def with_email(name: str, **fields: Any) -> User:
    return User.objects.create_user(name, f"{name}@example.org", "correct horse", **fields)


@pytest.mark.django_db(transaction=True)
def test_a_link_comes_by_email_and_is_good_once(client: Client) -> None:
    ada = with_email("ada")
    assert "forgotten" in client.get("/account/sign-in/").text
    answer = ask(client, "ADA@example.org", accept_language="de")
    assert "Postfach" in client.get(answer["Location"], headers={"accept-language": "de"}).text
    (letter,) = mail.outbox
    assert (letter.to, letter.from_email) == (["ada@example.org"], "facetell@example.org")
    assert "Passwort" in letter.subject
    assert "ada" in letter.body
    link = re.search(r"http://testserver(/account/set-password/\S+)", str(letter.body))
    assert link is not None
    browser = Client()
    place = browser.get(link[1])["Location"]
    assert browser.post(place, NEW)["Location"] == "/"
    assert browser.get("/account/").status_code == 200
    ada.refresh_from_db()
    assert ada.check_password("a much longer one")
    assert Client().get(link[1]).status_code == 410


def test_a_guest_who_sets_a_password_keeps_what_they_did(
    ada: User, settings: Any, tiny: str
) -> None:
    settings.GUESTS = True
    browser = Client()
    browser.post("/sample/", {"model": tiny, "frames": "10"})
    told = StringIO()
    call_command("resetlink", ada.username, stdout=told)
    link = re.search(r"(/account/set-password/\S+)", told.getvalue())
    assert link is not None
    browser.post(browser.get(link[1])["Location"], NEW)
    assert Analysis.objects.get().owner == ada
    assert browser.get(f"/analyses/{Analysis.objects.get().pk}/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_nobody_learns_who_has_an_account(client: Client) -> None:
    with_email("ada")
    with_email("gone", is_active=False)
    User.objects.create_user("invited", "invited@example.org")
    User.objects.create_user("none", "", "correct horse")
    told = [ask(client, f"{name}@example.org") for name in ("ada", "gone", "invited", "nobody")]
    assert len({(a.status_code, a["Location"], a.content) for a in told}) == 1
    assert [letter.to for letter in mail.outbox] == [["ada@example.org"]]


@pytest.mark.django_db(transaction=True)
def test_no_mailbox_is_flooded(client: Client) -> None:
    with_email("ada")
    told = [ask(client, "ada@example.org") for _ in range(resetting.MOST_FOR_EMAIL + 2)]
    assert len({(a.status_code, a["Location"]) for a in told}) == 1
    assert len(mail.outbox) == resetting.MOST_FOR_EMAIL


@pytest.mark.django_db(transaction=True)
def test_one_address_asks_for_few(client: Client) -> None:
    for number in range(resetting.MOST_FOR_ADDRESS):
        assert ask(client, f"{number}@example.org").status_code == 302
    assert "Too many attempts" in ask(client, "ada@example.org").text
    with_email("ada")
    assert "Too many attempts" in ask(client, "ada@example.org").text
    assert not mail.outbox


@pytest.mark.django_db
def test_without_email_it_says_whom_to_ask(client: Client, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    for page in (client.get(PAGE), client.post(PAGE, {"email": "ada@example.org"})):
        assert "Ask whoever runs it" in page.text
        assert 'name="email"' not in page.text
    assert not mail.outbox


@pytest.mark.django_db
def test_without_accounts_there_is_no_such_page(client: Client, settings: Any) -> None:
    settings.ACCOUNTS = False
    assert client.get(PAGE).status_code == 404


def test_an_email_address_is_changed_with_the_password(client: Client, ada: User) -> None:
    client.force_login(ada)
    form = {"email": "ada@example.org", "password": "wrong"}
    assert client.post("/account/email/", form).status_code == 200
    ada.refresh_from_db()
    assert ada.email == ""
    assert client.post("/account/email/", form | {"password": "correct horse"}).status_code == 302
    assert "ada@example.org" in client.get("/account/").text


@pytest.mark.parametrize("name", ["ada", "Ada@example.org"])
def test_the_operator_makes_a_link(db: None, name: str) -> None:
    ada = with_email("ada")
    out, err = StringIO(), StringIO()
    call_command("resetlink", name, site="https://facetell.example.org/", stdout=out, stderr=err)
    link = out.getvalue().strip()
    assert link.startswith("https://facetell.example.org/account/set-password/")
    browser = Client()
    browser.post(browser.get(link.removeprefix("https://facetell.example.org"))["Location"], NEW)
    ada.refresh_from_db()
    assert ada.check_password("a much longer one")


def test_the_operator_is_told_that_there_is_no_such_user(db: None) -> None:
    with_email("ada", is_active=False)
    for name in ("ada", "nobody", ""):
        with pytest.raises(CommandError, match="no user who may sign in"):
            call_command("resetlink", name)


@pytest.mark.parametrize(
    ("security", "port", "starttls", "tls"),
    [("", 587, True, False), ("tls", 465, False, True), ("none", 25, False, False)],
)
def test_email_is_set_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, security: str, port: int, starttls: bool, tls: bool
) -> None:
    monkeypatch.setenv("FACETELL_EMAIL_HOST", "mail.example.org")
    monkeypatch.setenv("FACETELL_EMAIL_SECURITY", security)
    monkeypatch.setenv("FACETELL_EMAIL_FROM", "facetell@example.org")
    found = runpy.run_path(str(Path(web_settings.__file__)))
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.org", port)
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (starttls, tls)


@pytest.mark.parametrize(("name", "value"), [("FROM", ""), ("FROM", "me"), ("SECURITY", "ssl")])
def test_a_wrong_setting_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("FACETELL_EMAIL_HOST", "mail.example.org")
    monkeypatch.setenv("FACETELL_EMAIL_FROM", "facetell@example.org")
    monkeypatch.setenv(f"FACETELL_EMAIL_{name}", value)
    with pytest.raises(UsageError, match=f"FACETELL_EMAIL_{name}"):
        runpy.run_path(str(Path(web_settings.__file__)))
