"""Signing in, the account page, guests."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.test import Client

from facetell.web.accounts import throttle
from facetell.web.accounts.people import is_guest
from facetell.web.analyses.models import Analysis, Upload

SIGN_IN = "/account/sign-in/"
RIGHT = {"username": "ada", "password": "correct horse"}


@pytest.fixture(autouse=True)
def _accounts(settings: Any) -> None:
    settings.ACCOUNTS = True
    cache.clear()


def test_pages_ask_for_a_sign_in(client: Client, ada: User) -> None:
    response = client.get("/analyses/")
    assert (response.status_code, response["Location"]) == (302, f"{SIGN_IN}?next=/analyses/")
    assert client.post(f"{SIGN_IN}?next=/analyses/", RIGHT | {"next": "/analyses/"}).status_code
    assert client.get("/analyses/").status_code == 200


def test_it_does_not_lead_to_another_site(client: Client, ada: User) -> None:
    answer = client.post(SIGN_IN, RIGHT | {"next": "https://evil.example.org/"})
    assert answer["Location"] == "/"


@pytest.mark.parametrize("path", ["/privacy/", "/about/", SIGN_IN])
def test_anybody_may_read(client: Client, ada: User, path: str) -> None:
    assert client.get(path).status_code == 200


def test_it_says_how_to_make_the_first_account(client: Client, db: None) -> None:
    assert "facetell-web createsuperuser" in client.get(SIGN_IN).text
    User.objects.create_user("ada", password="correct horse")
    assert "createsuperuser" not in client.get(SIGN_IN).text


def test_names_that_exist_and_others_get_the_same_answer(client: Client, ada: User) -> None:
    said = []
    for name in ("ada", "nobody"):
        page = client.post(SIGN_IN, {"username": name, "password": "wrong"}).text
        said.append(page.replace(f'value="{name}"', ""))
    assert "alert" in said[0]
    tokens = [page.split("csrfmiddlewaretoken")[0] for page in said]
    assert tokens[0] == tokens[1]


def test_too_many_attempts_are_stopped_for_a_while(client: Client, ada: User) -> None:
    for _ in range(throttle.MOST_FOR_NAME):
        client.post(SIGN_IN, {"username": "ADA", "password": "wrong"})
    assert "Too many attempts" in client.post(SIGN_IN, RIGHT).text
    assert client.get("/analyses/").status_code == 302
    cache.clear()
    assert client.post(SIGN_IN, RIGHT)["Location"] == "/"


def test_the_password_is_changed(client: Client, ada: User) -> None:
    other = Client()
    other.force_login(ada)
    client.force_login(ada)
    new = {"new_password1": "a much longer one", "new_password2": "a much longer one"}
    weak = {"new_password1": "12345", "new_password2": "12345"}
    old = {"old_password": "correct horse"}
    assert client.post("/account/", old | weak).status_code == 200
    assert client.post("/account/", old | new).status_code == 302
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302, "other browsers are signed out"


def test_signing_out_everywhere_ends_all_sessions(client: Client, ada: User, bob: User) -> None:
    other, bobs = Client(), Client()
    for browser, user in ((client, ada), (other, ada), (bobs, bob)):
        browser.force_login(user)
    client.post("/account/leave/", {"what": "sessions"})
    statuses = [browser.get("/account/").status_code for browser in (client, other, bobs)]
    assert statuses == [302, 302, 200]


@pytest.mark.parametrize("what", ["analyses", "account"])
def test_deleting_takes_the_files_too(client: Client, done: Analysis, what: str) -> None:
    client.force_login(done.owner)
    folder, file = done.folder, done.upload.file
    asked = client.post("/account/leave/", {"what": what})
    assert "cannot be undone" in asked.text
    assert Analysis.objects.count() == 1, "nothing goes before it is confirmed"
    client.post("/account/leave/", {"what": what, "confirmed": "1"})
    assert not Analysis.objects.exists()
    assert not Upload.objects.exists()
    assert not default_storage.exists(file)
    assert not default_storage.exists(folder)
    assert User.objects.filter(username="ada").exists() == (what == "analyses")


@pytest.mark.parametrize("by_hand", ["one", "several"])
def test_files_go_with_a_user_however_it_is_deleted(
    done: Analysis, by_hand: str, django_capture_on_commit_callbacks: Any
) -> None:
    folder, file = done.folder, done.upload.file
    with django_capture_on_commit_callbacks() as deleting:
        users = User.objects.filter(username="ada")
        users.get().delete() if by_hand == "one" else users.delete()
    assert default_storage.exists(file), "it may still be undone"
    for delete in deleting:
        delete()
    assert not Upload.objects.exists()
    assert not default_storage.exists(file)
    assert not default_storage.exists(folder)


def test_there_is_no_account_page_without_accounts(
    client: Client, ada: User, settings: Any
) -> None:
    settings.ACCOUNTS = False
    assert client.get("/account/").status_code == 404


@pytest.mark.django_db
def test_a_stranger_becomes_a_guest(client: Client, settings: Any, tiny: str) -> None:
    settings.GUESTS = True
    settings.ACCOUNTS = True
    User.objects.all().delete()
    assert client.get("/").status_code == 200
    assert not User.objects.exists(), "a visit alone makes no user"
    client.post("/sample/", {"model": tiny, "frames": "10"})
    guest = User.objects.get()
    assert is_guest(guest)
    assert not guest.has_usable_password()
    analysis = Analysis.objects.get()
    assert analysis.owner == guest
    assert client.get(f"/analyses/{analysis.pk}/").status_code == 200
    assert Client().get(f"/analyses/{analysis.pk}/").status_code == 404
