from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import Client

from facetell.web.analyses.models import Analysis, Status
from facetell.web.api.documents import Document
from facetell.web.api.v1 import api
from tests.web.api_client import ROOT, client_of


def test_it_hands_out_timeline_and_faces(done: Analysis) -> None:
    client, document = client_of(done.owner), done.result.document
    timeline = client.get(f"{ROOT}/analyses/{done.pk}/timeline").json()
    assert timeline == {name: document[name] for name in ("tracks", "timeline")}
    faces = client.get(f"{ROOT}/analyses/{done.pk}/faces").json()["items"]
    assert [face["p_fake"] for face in faces] == [
        f["p_fake"] for f in done.result.pictures["faces"]
    ]
    for kind in ("picture", "heatmap"):
        answer = client.get(faces[0][kind])
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.content.startswith(b"\xff\xd8")
        assert "private" in answer.headers["Cache-Control"]
        again = client.get(faces[0][kind], headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_json_report_is_what_the_document_says(done: Analysis) -> None:
    operation = api.get_openapi_schema()["paths"][f"{ROOT}/analyses/{{analysis_id}}/report.json"]
    content = operation["get"]["responses"][200]["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Document"}
    report = client_of(done.owner).get(f"{ROOT}/analyses/{done.pk}/report.json")
    Document.model_validate_json(report.content)


def test_it_hands_out_frames_that_are_kept(done: Analysis) -> None:
    path = f"{done.folder}/frames/0.jpg"
    client, address = client_of(done.owner), f"{ROOT}/analyses/{done.pk}/frames/0.jpg"
    kept = default_storage.exists(path)
    assert client.get(address).status_code == (200 if kept else 404)
    assert client.get(address.replace("0.jpg", "999.jpg")).status_code == 404


def test_it_hands_out_each_report(done: Analysis) -> None:
    client = client_of(done.owner)
    answers = {k: client.get(f"{ROOT}/analyses/{done.pk}/report.{k}") for k in REPORT_TYPES}
    for kind, answer in answers.items():
        assert answer.headers["Content-Type"].startswith(REPORT_TYPES[kind])
        assert f'filename="sample-facetell.{kind}"' in answer.headers["Content-Disposition"]
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert json.loads(answers["json"].content)["sha256"] == done.upload.sha256
    assert answers["csv"].content.startswith(b"time_s,track,p_fake")
    assert answers["pdf"].content.startswith(b"%PDF-")
    assert b"<html" in answers["html"].content


@pytest.mark.django_db
def test_the_page_shows_and_offers_them(client: Client, own: Analysis) -> None:
    page = client.get(f"/analyses/{own.id}/").content.decode()
    files = set(re.findall(rf'(?:src|href|data-shot)="({ROOT}/analyses/{own.id}/[^"]+)"', page))
    kinds = {file.removeprefix(f"{ROOT}/analyses/{own.id}/").split("/")[0] for file in files}
    assert kinds == {"faces", "heatmaps", "frames", *(f"report.{kind}" for kind in REPORT_TYPES)}
    for file in files:
        assert client.get(file).status_code == 200
        if "report." in file:
            assert f'href="{file}" download' in page


@pytest.mark.django_db
def test_a_report_that_was_not_made_is_not_offered(client: Client, own: Analysis) -> None:
    default_storage.delete(f"{own.folder}/report.pdf")
    assert client.get(f"{ROOT}/analyses/{own.id}/report.pdf").status_code == 404
    assert "report.pdf" not in client.get(f"/analyses/{own.id}/").content.decode()


def test_a_guest_sees_them_with_the_session_alone(done: Analysis, bob: User, settings: Any) -> None:
    settings.ACCOUNTS = settings.GUESTS = True
    guest, other = Client(), Client()
    guest.force_login(done.owner)
    other.force_login(bob)
    for name in ("faces/0.jpg", "heatmaps/0.jpg", "frames/0.jpg", "report.pdf"):
        address = f"{ROOT}/analyses/{done.pk}/{name}"
        statuses = [browser.get(address).status_code for browser in (guest, other, Client())]
        assert statuses == [200, 404, 401]


REPORT_TYPES = {
    "json": "application/json",
    "html": "text/html",
    "csv": "text/csv",
    "pdf": "application/pdf",
}


def test_there_is_nothing_before_the_end(queued: Analysis) -> None:
    client, address = client_of(queued.owner), f"{ROOT}/analyses/{queued.pk}/timeline"
    assert client.get(address).json()["code"] == "not_ended"
    Analysis.objects.update(status=Status.CANCELLED)
    assert client.get(address).status_code == 404
