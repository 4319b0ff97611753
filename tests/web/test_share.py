from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone

from facetell.web.analyses import sharing
from facetell.web.analyses.deletion import delete
from facetell.web.analyses.models import Analysis, ShareLink

pytestmark = pytest.mark.django_db


def make(client: Client, analysis: Analysis, **form: str) -> str:
    """Make a link on the page; return its path."""
    client.post(f"/analyses/{analysis.id}/share/", {"days": "7"} | form)
    page = client.get(f"/analyses/{analysis.id}/").content.decode()
    return str(re.findall(r'value="http://testserver(/shared/[^"]+)"', page)[-1])


def test_nothing_is_shared_until_somebody_asks(client: Client, own: Analysis) -> None:
    assert "/shared/" not in client.get(f"/analyses/{own.id}/").content.decode()
    assert not ShareLink.objects.exists()


def test_a_link_shows_the_result_and_nothing_else(client: Client, own: Analysis) -> None:
    address = make(client, own)
    answer = Client().get(address)
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert own.result.document["reasons"][0].replace(">", "&gt;") in shown
    assert "<form" not in shown.split("<dialog")[0]
    assert "<nav" not in shown
    assert str(own.id) not in shown
    assert "<video" not in shown
    links = set(re.findall(r'(?:href|src)="(/[^"]*)"', shown))
    assert all(link.startswith((address, "/static/")) for link in links)


def test_it_is_kept_from_search_engines_and_other_sites(client: Client, own: Analysis) -> None:
    address = make(client, own)
    for path in (address, f"{address}faces/0.jpg"):
        answer = Client().get(path)
        assert "noindex" in answer["x-robots-tag"]
        assert answer["referrer-policy"] == "no-referrer"
        assert "no-store" in answer["cache-control"]


def test_the_video_is_shown_only_if_chosen(client: Client, own: Analysis) -> None:
    own.result.pictures["frames"] = [{"time_s": 0.0}]
    own.result.save()
    without, along = make(client, own), make(client, own, with_video="1")
    assert Client().get(f"{without}video").status_code == 404
    assert Client().get(f"{without}frames/0.jpg").status_code == 404
    assert 'class="strip"' not in Client().get(without).content.decode()
    assert "<video" in Client().get(along).content.decode()
    answer = Client().get(f"{along}video", headers={"range": "bytes=0-9"})
    assert (answer.status_code, len(b"".join(answer.streaming_content))) == (206, 10)  # type: ignore[attr-defined]
    assert Client().get(f"{without}faces/0.jpg").status_code == 200
    assert Client().get(f"{without}heatmaps/0.jpg").status_code == 200


def answer_to(path: str) -> tuple[int, str]:
    """What comes, without what differs at each request: the address and the form's token."""
    answer = Client().get(path)
    page = answer.content.decode().replace(path, "")
    return answer.status_code, re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_wrong_expired_and_revoked_links_look_the_same(client: Client, own: Analysis) -> None:
    nothing = answer_to("/shared/nothing/")
    assert nothing[0] == 404
    token = make(client, own).split("/")[2]
    name, signature = token.split(".")
    forged = Signer(key="another", salt="facetell.web.share-link", sep=".").sign(name)
    unknown = sharing.token_of(ShareLink(id=uuid4()))
    elsewhere = Signer(salt="something.else", sep=".").sign(name)
    for wrong in (name, f"{name}.{signature[:-1]}", f"{name}0.{signature}", forged, unknown):
        assert answer_to(f"/shared/{wrong}/") == nothing
    assert answer_to(f"/shared/{elsewhere}/") == nothing
    link = ShareLink.objects.get()
    ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert answer_to(f"/shared/{token}/") == nothing
    ShareLink.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert answer_to(f"/shared/{token}/")[0] == 200
    client.post(f"/analyses/{own.id}/share/{link.id}/")
    assert answer_to(f"/shared/{token}/") == nothing
    assert answer_to(f"/shared/{token}/faces/0.jpg")[0] == 404


@pytest.mark.parametrize("days", [1, 7, 30])
def test_it_holds_for_as_long_as_was_chosen(
    client: Client,
    own: Analysis,
    settings: Any,
    days: int,
) -> None:
    settings.RETENTION_DAYS = 0
    make(client, own, days=str(days))
    left = ShareLink.objects.get().expires_at - timezone.now()
    assert timedelta(days=days) - timedelta(minutes=1) < left <= timedelta(days=days)


def test_it_does_not_outlive_the_result(client: Client, own: Analysis, settings: Any) -> None:
    settings.RETENTION_DAYS = 3
    make(client, own, days="30")
    assert own.finished_at is not None
    assert ShareLink.objects.get().expires_at == own.finished_at + timedelta(days=3)


@pytest.mark.parametrize("days", ["", "0", "2", "365", "-1", "soon", "99999999999"])
def test_it_holds_for_no_other_time(client: Client, own: Analysis, days: str) -> None:
    answer = client.post(f"/analyses/{own.id}/share/", {"days": days})
    assert answer.status_code == 400
    assert "choose" in answer.content.decode()
    assert not ShareLink.objects.exists()


def test_a_link_goes_with_its_analysis(client: Client, own: Analysis) -> None:
    address = make(client, own)
    delete(own)
    assert Client().get(address).status_code == 404


def test_nobody_else_makes_or_revokes_links(client: Client, done: Analysis, bob: User) -> None:
    link = sharing.share(done, 7, False)
    assert client.post(f"/analyses/{done.id}/share/", {"days": "7"}).status_code == 404
    assert client.post(f"/analyses/{done.id}/share/{link.id}/").status_code == 404
    assert ShareLink.objects.get() == link


def test_a_link_of_one_analysis_is_not_revoked_through_another(
    client: Client, own: Analysis
) -> None:
    link = sharing.share(own, 7, False)
    other = Analysis.objects.create(owner=own.owner, upload=own.upload, frames="9", model="tiny")
    assert client.post(f"/analyses/{other.id}/share/{link.id}/").status_code == 404
    assert ShareLink.objects.exists()


def test_a_link_can_be_followed_without_signing_in(own: Analysis, settings: Any) -> None:
    token = sharing.token_of(sharing.share(own, 7, True))
    settings.ACCOUNTS = settings.GUESTS = True
    people = User.objects.count()
    stranger = Client()
    assert stranger.get(f"/shared/{token}/").status_code == 200
    assert stranger.get(f"/shared/{token}/video").status_code == 200
    assert stranger.get(f"/analyses/{own.id}/").status_code != 200
    assert User.objects.count() == people  # who only follows a link is no guest
