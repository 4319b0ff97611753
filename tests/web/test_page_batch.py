from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth.models import User
from django.test import Client

from facetell.web.accounts.people import sole_user
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.models import Analysis, Batch, Status
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch() -> Batch:
    """Three files of the one who looks at the pages: fake, failed, waiting."""
    owner = sole_user()
    made = Batch.objects.create(owner=owner)
    for name in ("fake.mp4", "broken.mp4", "later.mp4"):
        submit(owner, keep(owner, [name.encode()], name), Settings(), made)
    named = Analysis.objects.filter(batch=made)
    named.filter(upload__name="fake.mp4").update(status=Status.DONE, label="fake", p_fake=0.91)
    named.filter(upload__name="broken.mp4").update(status=Status.FAILED, error_message="no video")
    return made


def test_it_shows_each_file_and_what_they_come_to(client: Client, batch: Batch) -> None:
    answer = client.get(f"/batches/{batch.pk}/")
    page = answer.content.decode()
    for text in ("fake.mp4", "broken.mp4", "later.mp4", "no video", "0.91", "3 files"):
        assert text in page
    summary = answer.context["summary"]
    assert summary.verdicts == (("fake", 1),)
    assert (summary.open, summary.ended, summary.failed, summary.cancelled) == (1, 2, 1, 0)
    assert 'http-equiv="refresh"' in page


def test_it_rests_once_all_have_ended(client: Client, batch: Batch) -> None:
    client.post(f"/batches/{batch.pk}/cancel/")
    answer = client.get(f"/batches/{batch.pk}/")
    assert answer.context["summary"].cancelled == 1
    assert "http-equiv" not in answer.content.decode()
    assert "batch.js" not in answer.content.decode()


def test_it_puts_the_most_suspicious_first(client: Client, batch: Batch) -> None:
    Analysis.objects.filter(upload__name="later.mp4").update(
        status=Status.DONE, label="fake", p_fake=0.99
    )
    shown = client.get(f"/batches/{batch.pk}/?order=suspicion").context["analyses"]
    assert [a.upload.name for a in shown] == ["later.mp4", "fake.mp4", "broken.mp4"]


def test_it_gives_a_table(client: Client, batch: Batch) -> None:
    text = client.get(f"/batches/{batch.pk}/batch.csv").getvalue().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["file"], row["status"], row["verdict"]) for row in rows] == [
        ("fake.mp4", "done", "fake"),
        ("broken.mp4", "failed", ""),
        ("later.mp4", "queued", ""),
    ]


def test_another_persons_is_absent(client: Client, batch: Batch, ada: User) -> None:
    Batch.objects.update(owner=ada)
    assert client.get(f"/batches/{batch.pk}/").status_code == 404
    assert client.get(f"/batches/{batch.pk}/batch.csv").status_code == 404
    assert client.post(f"/batches/{batch.pk}/cancel/").status_code == 404
    assert not Analysis.objects.filter(status=Status.CANCELLED).exists()
