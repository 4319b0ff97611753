"""Invitations: made by the staff, accepted once, by people who choose their own name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from facetell.web.accounts.models import Invitation
from facetell.web.accounts.people import new_guest
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.keeper import tidy
from facetell.web.analyses.models import Analysis
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep

PAGE = "/account/admission/"
CHOSEN = {"username": "Eve", "email": "", "password1": "longer than it", "password2": ""}
CHOSEN["password2"] = CHOSEN["password1"]


@pytest.fixture(autouse=True)
def _accounts(settings: Any) -> None:
    settings.ACCOUNTS = settings.GUESTS = True
    cache.clear()


@pytest.fixture
def boss(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_user("boss", is_staff=True))
    return client


@pytest.fixture
def link(boss: Client) -> str:
    return str(boss.post(PAGE, {"invite": "1"}).context["link"])


def test_who_is_invited_chooses_a_name(link: str) -> None:
    assert link.startswith("http://testserver/account/join/")
    eve = Client()
    assert eve.get(link).status_code == 200
    answer = eve.post(link, CHOSEN | {"email": "eve@example.org"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Eve" in eve.get("/account/").text, "and is signed in"
    user = User.objects.get(username="Eve")
    assert user.check_password("longer than it")
    assert (user.email, user.is_staff, user.is_superuser) == ("eve@example.org", False, False)


def test_an_invitation_is_good_once(link: str) -> None:
    Client().post(link, CHOSEN)
    other = CHOSEN | {"username": "mallory"}
    assert Client().get(link).status_code == 410
    assert Client().post(link, other).status_code == 410
    assert not User.objects.filter(username="mallory").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        *({"username": name} for name in ("me", "ME", "guest-1", "Guest-1", "a b", "", "BOSS")),
        {"password1": "12345", "password2": "12345"},
        {"password2": "another"},
        {"email": "nowhere"},
    ],
)
def test_a_wrong_choice_uses_nothing_up(link: str, wrong: dict[str, str]) -> None:
    users = User.objects.count()
    answer = Client().post(link, CHOSEN | wrong)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert User.objects.count() == users
    assert Client().post(link, CHOSEN).status_code == 302


def test_a_forged_link_leads_nowhere(link: str, settings: Any) -> None:
    invitation = Invitation.objects.get()
    for token in (invitation.pk.hex, f"{invitation.pk.hex}.forged", "x"):
        assert Client().get(f"/account/join/{token}/").status_code == 410
    settings.SECRET_KEY = "another key, of more than thirty-two characters"
    assert Client().get(link).status_code == 410


def test_an_invitation_grows_old_and_is_revoked(boss: Client, link: str) -> None:
    assert "Open invitations" in boss.get(PAGE).text
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(link).status_code == 410
    tidy()
    assert not Invitation.objects.exists()
    another = boss.post(PAGE, {"invite": "1"}).context["link"]
    for sent in ("x", str(Invitation.objects.get().pk)):
        boss.post(PAGE, {"revoke": sent})
    assert Client().get(another).status_code == 410
    assert "Open invitations" not in boss.get(PAGE).text


def test_a_guest_who_joins_keeps_everything(link: str, tiny: str) -> None:
    guest, browser = new_guest(), Client()
    analysis = submit(guest, keep(guest, [b"a"], "a.mp4"), Settings(frames="5", model=tiny))[0]
    browser.force_login(guest)
    browser.post(link, CHOSEN)
    assert Analysis.objects.get().owner.username == "Eve"
    assert browser.get(f"/analyses/{analysis.pk}/").status_code == 200


def test_others_invite_nobody(ada: User) -> None:
    for user in (ada, new_guest()):
        browser = Client()
        browser.force_login(user)
        assert browser.post(PAGE, {"invite": "1"}).status_code == 404
    assert Client().post(PAGE, {"invite": "1"}).status_code == 302
    assert not Invitation.objects.exists()


def test_without_accounts_nobody_joins(link: str, settings: Any) -> None:
    settings.ACCOUNTS = False
    assert Client().post(link, CHOSEN).status_code == 404
