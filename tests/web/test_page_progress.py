from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client

from facetell.web.accounts.people import sole_user
from facetell.web.analyses.models import Analysis, Status, Upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(queued: Analysis) -> Analysis:
    """The queued analysis, of the one who looks at the pages."""
    Upload.objects.update(owner=sole_user())
    Analysis.objects.update(owner=sole_user())
    queued.refresh_from_db()
    return queued


def test_it_reloads_while_it_runs_without_scripts(client: Client, mine: Analysis) -> None:
    answer = client.get(f"/analyses/{mine.id}/")
    page = answer.content.decode()
    assert "sample.mp4" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert answer["cache-control"] == "no-store"


def test_it_cancels_and_begins_again(client: Client, mine: Analysis) -> None:
    answer = client.post(f"/analyses/{mine.id}/cancel/", follow=True)
    mine.refresh_from_db()
    assert mine.status == Status.CANCELLED
    page = answer.content.decode()
    assert "Cancelled" in page
    assert "http-equiv" not in page
    client.post(f"/analyses/{mine.id}/again/")
    other = Analysis.objects.exclude(pk=mine.pk).get()
    assert (other.status, other.frames, other.model) == (Status.QUEUED, "5", "tiny")


def test_it_says_why_it_failed(client: Client, mine: Analysis) -> None:
    Analysis.objects.update(status=Status.FAILED, error_code="not_media", error_message="a.mp4: no")
    assert "a.mp4: no" in client.get(f"/analyses/{mine.id}/").content.decode()


def test_it_says_that_the_video_is_gone(client: Client, mine: Analysis) -> None:
    Analysis.objects.update(status=Status.FAILED)
    Upload.objects.update(file="")
    answer = client.post(f"/analyses/{mine.id}/again/")
    assert answer.status_code == 410
    assert "send it again" in answer.content.decode()


def test_another_persons_is_as_absent_as_none(client: Client, queued: Analysis, ada: User) -> None:
    for known in (queued.id, uuid.uuid4()):
        assert client.get(f"/analyses/{known}/").status_code == 404
        for action in ("cancel", "again"):
            assert client.post(f"/analyses/{known}/{action}/").status_code == 404
    queued.refresh_from_db()
    assert queued.status == Status.QUEUED
