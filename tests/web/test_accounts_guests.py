"""What becomes of a guest's things; links of the staff for people who forgot the password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from facetell.web.accounts.guests import delete_lost_guests
from facetell.web.accounts.people import new_guest
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.keeper import tidy
from facetell.web.analyses.models import Analysis, Upload
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep

RIGHT = {"username": "ada", "password": "correct horse"}
NEW = {"new_password1": "a much longer one", "new_password2": "a much longer one"}


@pytest.fixture(autouse=True)
def _guests(settings: Any) -> None:
    settings.ACCOUNTS = settings.GUESTS = True
    cache.clear()


@pytest.fixture
def guest(db: None) -> User:
    return new_guest()


@pytest.fixture
def boss(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_user("boss", is_staff=True))
    return client


def analysed(owner: User, model: str, data: bytes, frames: str = "5") -> Analysis:
    return submit(owner, keep(owner, [data], "a.mp4"), Settings(frames=frames, model=model))[0]


def test_a_guest_who_signs_in_keeps_everything(
    client: Client, guest: User, ada: User, tiny: str
) -> None:
    only = analysed(guest, tiny, b"only the guest's")
    both, own = analysed(guest, tiny, b"of both"), analysed(ada, tiny, b"of both", "6")
    twice = both.upload.file
    client.force_login(guest)
    assert client.post("/account/sign-in/", RIGHT)["Location"] == "/"
    assert not User.objects.filter(pk=guest.pk).exists()
    assert set(Analysis.objects.filter(owner=ada)) == {only, both, own}
    both.refresh_from_db()
    assert both.upload == own.upload
    assert {upload.owner for upload in Upload.objects.all()} == {ada}
    assert default_storage.exists(only.upload.file)
    assert default_storage.exists(own.upload.file)
    assert not default_storage.exists(twice), "one copy is enough"
    assert client.get(f"/analyses/{only.pk}/").status_code == 200


def test_a_wrong_password_moves_nothing(client: Client, guest: User, ada: User, tiny: str) -> None:
    analysis = analysed(guest, tiny, b"the guest's")
    client.force_login(guest)
    client.post("/account/sign-in/", RIGHT | {"password": "wrong"})
    analysis.refresh_from_db()
    assert analysis.owner == guest


def test_guests_go_with_their_session(guest: User, ada: User, tiny: str) -> None:
    here, young = new_guest(), new_guest()
    Client().force_login(here)
    lost = analysed(guest, tiny, b"the guest's")
    kept = analysed(ada, tiny, b"Ada's")
    long_ago = timezone.now() - timedelta(days=15)
    User.objects.exclude(pk=young.pk).update(date_joined=long_ago)
    tidy()
    assert set(User.objects.all()) == {ada, here, young}
    assert Analysis.objects.get() == kept
    assert not default_storage.exists(lost.upload.file)
    assert delete_lost_guests() == 0


def test_who_forgot_the_password_gets_a_link(boss: Client, ada: User) -> None:
    link = boss.post("/account/admission/", {"name": "ada"}).context["link"]
    browser = Client()
    browser.post(browser.get(link)["Location"], NEW)
    ada.refresh_from_db()
    assert ada.check_password("a much longer one")


@pytest.mark.parametrize("name", ["me", "guest-1", "nobody", ""])
def test_there_is_no_link_for_others(boss: Client, name: str) -> None:
    User.objects.create(username="me")
    users = User.objects.count()
    assert boss.post("/account/admission/", {"name": name}).context["link"] == ""
    assert User.objects.count() == users


def test_a_link_grows_old(boss: Client, ada: User, settings: Any) -> None:
    link = boss.post("/account/admission/", {"name": "ada"}).context["link"]
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert Client().get(link).status_code == 410


def test_the_staff_cannot_become_somebody_mightier(boss: Client) -> None:
    User.objects.create_superuser("root", password="correct horse")
    assert boss.post("/account/admission/", {"name": "root"}).status_code == 403
