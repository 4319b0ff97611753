from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from facetell.web.accounts.people import sole_user
from facetell.web.analyses.models import Analysis, Status, Upload

pytestmark = pytest.mark.django_db
Made = Callable[..., Analysis]


def made(name: str, owner: User | None = None, **fields: object) -> Analysis:
    owner = owner or sole_user()
    sha256 = f"{Upload.objects.count():064x}"
    upload = Upload.objects.create(
        owner=owner, name=name, sha256=sha256, size_bytes=1, file=f"uploads/{sha256}"
    )
    return Analysis.objects.create(
        owner=owner, upload=upload, frames="40", model="default", **fields
    )


def names(client: Client, query: str = "") -> list[str]:
    return [
        analysis.upload.name for analysis, _ in client.get(f"/analyses/{query}").context["rows"]
    ]


def test_it_says_what_to_do_where_there_is_nothing(client: Client) -> None:
    page = client.get("/analyses/").content.decode()
    assert "Nothing has been analysed yet" in page
    assert "Nothing of yours fits" in client.get("/analyses/?q=x").content.decode()


def test_it_lists_ones_own_the_latest_first(client: Client, ada: User) -> None:
    made("old.mp4")
    made("new.mp4")
    made("hers.mp4", ada)
    assert names(client) == ["new.mp4", "old.mp4"]


def test_it_searches_and_narrows(client: Client) -> None:
    made("interview.mp4", status=Status.DONE, label="fake", p_fake=0.9)
    other = made("Speech.mov", status=Status.FAILED)
    Analysis.objects.filter(pk=other.pk).update(created_at=timezone.now() - timedelta(days=3))
    day = (timezone.now() - timedelta(days=1)).date().isoformat()
    assert names(client, "?q=VIEW") == ["interview.mp4"]
    assert names(client, f"?q={other.upload.sha256}") == ["Speech.mov"]
    assert names(client, "?verdict=fake") == ["interview.mp4"]
    assert names(client, "?status=failed") == ["Speech.mov"]
    assert names(client, f"?since={day}") == ["interview.mp4"]
    assert names(client, f"?until={day}") == ["Speech.mov"]


@pytest.mark.parametrize(
    "query", ["?since=yesterday", "?until=2026-02-31", "?verdict=%27", "?q=%00", "?page=-1"]
)
def test_it_shows_all_where_it_does_not_understand(client: Client, query: str) -> None:
    made("a.mp4")
    assert names(client, query) == ["a.mp4"]


def test_it_turns_pages_and_keeps_the_search(client: Client) -> None:
    for number in range(26):
        made(f"{number}.mp4", status=Status.CANCELLED)
    page = client.get("/analyses/?status=cancelled").content.decode()
    assert 'href="?status=cancelled&amp;page=2"' in page
    assert names(client, "?status=cancelled&page=2") == ["0.mp4"]


def test_it_needs_as_many_queries_for_many_as_for_few(
    client: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(25):
        made(f"{number}.mp4")
    with django_assert_max_num_queries(8):  # type: ignore[attr-defined]
        client.get("/analyses/")


def test_it_says_when_each_is_deleted(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.RETENTION_DAYS = 7
    finished = timezone.now()
    made("a.mp4", status=Status.DONE, label="real", p_fake=0.1, finished_at=finished)
    due = (finished + timedelta(days=7)).date().isoformat()
    assert f'datetime="{due}' in client.get("/analyses/").content.decode()


def test_it_deletes_what_was_chosen_once_that_was_confirmed(client: Client, ada: User) -> None:
    chosen, kept, hers = made("chosen.mp4"), made("kept.mp4"), made("hers.mp4", ada)
    ids = [str(chosen.pk), str(hers.pk), "nonsense"]
    asked = client.post("/analyses/delete/", {"id": ids}).content.decode()
    assert "chosen.mp4" in asked
    assert "hers.mp4" not in asked
    assert Analysis.objects.count() == 3
    answer = client.post("/analyses/delete/", {"id": ids, "confirmed": "1"}, follow=True)
    assert "1 analysis was deleted" in answer.content.decode()
    assert set(Analysis.objects.all()) == {kept, hers}


def test_it_asks_nothing_where_nothing_was_chosen(client: Client) -> None:
    assert client.post("/analyses/delete/")["location"] == "/analyses/"


def test_it_gives_a_table_that_runs_no_formula(client: Client, ada: User) -> None:
    made("=HYPERLINK(1).mp4", status=Status.DONE, label="fake", p_fake=0.875)
    made("hers.mp4", ada)
    answer = client.get("/analyses/history.csv?verdict=fake")
    assert answer["content-disposition"] == 'attachment; filename="facetell-history.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert row["file"] == "'=HYPERLINK(1).mp4"
    assert (row["verdict"], row["p_fake"]) == ("fake", "0.875000")
