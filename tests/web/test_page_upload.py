from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from facetell.web.accounts.people import sole_user
from facetell.web.analyses.models import Analysis, Batch
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
