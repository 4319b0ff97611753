from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from facetell.web.accounts.people import sole_user
from facetell.web.analyses.models import Analysis, Batch, Status
from facetell.web.analyses.uploads import keep
from tests.web.conftest import SAMPLE

pytestmark = pytest.mark.django_db


def clip(name: str = "sample.mp4", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, SAMPLE.read_bytes() if content is None else content)


def test_it_shows_what_may_be_chosen(client: Client, tiny: str) -> None:
    page = client.get("/").content.decode()
    for value in ("10", "20", "40", "60", "80", "100", "all", "default", tiny):
        assert f'value="{value}"' in page


def test_it_analyses_a_file(client: Client, tiny: str) -> None:
    answer = client.post("/", {"file": clip(), "frames": "20", "model": tiny})
    analysis = Analysis.objects.get()
    assert (answer.status_code, answer["location"]) == (303, f"/analyses/{analysis.id}/")
    assert (analysis.frames, analysis.model, analysis.owner) == ("20", tiny, sole_user())
    assert analysis.upload.name == "sample.mp4"


def test_it_makes_a_batch_of_several(client: Client) -> None:
    answer = client.post("/", {"file": [clip("a.mp4"), clip("b.mp4", b"another")]})
    batch = Batch.objects.get()
    assert answer["location"] == f"/batches/{batch.id}/"
    assert sorted(a.upload.name for a in batch.analyses.all()) == ["a.mp4", "b.mp4"]


def test_it_answers_a_script_in_json(client: Client) -> None:
    answer = client.post("/", {"file": clip()}, headers={"accept": "application/json"})
    assert answer.status_code == 202
    assert answer.json() == {"location": f"/analyses/{Analysis.objects.get().id}/"}
    refused = client.post("/", {"file": clip("a.pdf")}, headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (415, "wrong_type")


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({}, 400, "No file was chosen"),
        ({"file": "a.pdf"}, 415, "a.pdf: .pdf is no video"),
        ({"file": "a.mp4", "frames": "0"}, 400, "whole number from 1"),
        ({"file": "a.mp4", "model": "other"}, 400, "no model of this server"),
    ],
)
def test_it_says_what_is_wrong(
    client: Client, fields: dict[str, str], status: int, words: str
) -> None:
    sent = {k: clip(v) if k == "file" else v for k, v in fields.items()}
    answer = client.post("/", sent)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert not Analysis.objects.exists()


def test_it_shows_a_strangers_file_name_as_text(client: Client) -> None:
    answer = client.post("/", {"file": clip("<b>.pdf")})
    assert "&lt;b&gt;.pdf: " in answer.content.decode()


def test_it_refuses_what_comes_from_another_site() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/", {"file": clip()}).status_code == 403
    assert not Analysis.objects.exists()


def test_it_analyses_the_sample(client: Client) -> None:
    answer = client.post("/sample/")
    analysis = Analysis.objects.get()
    assert answer["location"] == f"/analyses/{analysis.id}/"
    assert analysis.upload.name == "astronaut_fake.mp4"


def test_one_bad_file_stops_none_of_the_others(client: Client) -> None:
    answer = client.post("/", {"file": [clip("a.mp4"), clip("b.pdf")]}, follow=True)
    assert Batch.objects.get().analyses.get().upload.name == "a.mp4"
    assert "b.pdf: .pdf is no video" in answer.content.decode()


def test_nothing_is_left_of_a_batch_that_the_queue_refuses(client: Client, settings: Any) -> None:
    settings.MAX_QUEUED = 0
    answer = client.post("/", {"file": [clip("a.mp4"), clip("b.mp4", b"another")]})
    assert answer.status_code == 503
    assert not Batch.objects.exists()


def test_it_says_how_long_each_count_took_here(client: Client) -> None:
    owner = sole_user()
    kept = keep(owner, [b"video"], "a.mp4")
    for seconds in (4, 6, 30):
        done = Analysis.objects.create(
            owner=owner, upload=kept, frames="40", model="default", status=Status.DONE
        )
        ended = done.created_at + timedelta(seconds=seconds)
        Analysis.objects.filter(pk=done.pk).update(started_at=done.created_at, finished_at=ended)
    took = {c.value: c.took_s for c in client.get("/").context["frame_choices"]}
    assert took["40"] == pytest.approx(6)
    assert took["20"] is None


def test_the_page_with_all_that_it_loads_is_light(client: Client) -> None:
    page = client.get("/").content
    names = re.findall(r'(?:src|href)="/static/([^"]+)"', page.decode())
    sources = [*names, *imported(names)]
    assert {"facetell/upload.js", "facetell/words.js"} <= set(sources)
    contents = [page, *(Path(str(finders.find(name))).read_bytes() for name in sources)]
    assert sum(len(gzip.compress(content)) for content in contents) < 150_000


def imported(names: list[str]) -> set[str]:
    """What scripts load by themselves."""
    found: set[str] = set()
    for name in names:
        if name.endswith(".js"):
            source = Path(str(finders.find(name))).read_text("utf-8")
            found |= {f"facetell/{other}" for other in re.findall(r'from "\./([^"]+)"', source)}
    return found


def test_it_says_how_many_files_are_too_many(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    sent = {"file": [clip(f"{n}.mp4") for n in range(3)]}
    answer = client.post("/", sent, headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"] == "At most 2 files can be sent at once."
    assert "At most 2 files" in client.post("/", sent).content.decode()
