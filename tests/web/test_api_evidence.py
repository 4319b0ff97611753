from __future__ import annotations

import json

from django.core.files.storage import default_storage

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
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert json.loads(answers["json"].content)["sha256"] == done.upload.sha256
    assert answers["csv"].content.startswith(b"time_s,track,p_fake")
    assert answers["pdf"].content.startswith(b"%PDF-")
    assert b"<html" in answers["html"].content


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
