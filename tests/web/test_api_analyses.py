from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from facetell.web.analyses import run
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.models import Analysis, Status, Upload
from facetell.web.analyses.submission import submit
from tests.web.api_client import ROOT, client_of
from tests.web.conftest import SAMPLE


def send(owner: User, name: str = "clip.mp4", data: bytes | None = None, **fields: object):  # type: ignore[no-untyped-def]
    file = SimpleUploadedFile(name, SAMPLE.read_bytes() if data is None else data)
    return client_of(owner).post(f"{ROOT}/analyses", {"file": file, "model": "tiny", **fields})


def refused(response: Any, status: int, code: str) -> str:
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    detail: str = problem["detail"]
    return detail


def test_it_queues_a_file_and_hands_out_the_command_lines_json(ada: User, tiny: str) -> None:
    response = send(ada, frames="5")
    assert response.status_code == 202
    body = response.json()
    assert (body["status"], body["queue_place"], body["file"]["name"]) == ("queued", 1, "clip.mp4")
    assert response.headers["Location"] == body["links"]["self"]
    run.run(body["id"])
    answer = client_of(ada).get(response.headers["Location"]).json()
    assert answer["status"] == "done"
    assert answer["result"] == Analysis.objects.get().result.document
    assert answer["result"]["media"]["frames_read"] == 5


def test_it_judges_the_face_that_is_meant(ada: User, tiny: str) -> None:
    body = send(ada, frames="5", face="0.2,160,120.5").json()
    assert body["settings"]["face"] == [0.2, 160, 120.5]
    assert send(ada, frames="5").json()["settings"]["face"] is None
    run.run(body["id"])
    answer = client_of(ada).get(f"{ROOT}/analyses/{body['id']}").json()
    assert answer["status"] == "done", answer["error"]
    assert answer["result"]["selection"]["face"] == {"time_s": 0.2, "x_px": 160, "y_px": 120.5}


def test_it_answers_the_same_request_from_before(ada: User, tiny: str) -> None:
    first, again = send(ada), send(ada)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["id"] == first.json()["id"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"name": "note.pdf"}, 415, "wrong_type"),
        ({"data": b""}, 400, "empty_upload"),
        ({"frames": "many"}, 400, "unknown_setting"),
        ({"model": "other"}, 400, "unknown_model"),
        ({"start_s": "3", "end_s": "2"}, 400, "unknown_setting"),
        ({"start_s": "soon"}, 422, "invalid"),
        ({"face": "1:02,4,5"}, 422, "invalid"),
        ({"face": "1,4"}, 422, "invalid"),
        ({"face": "-1,4,5"}, 422, "invalid"),
        ({"face": "9" * 99}, 422, "invalid"),
        ({"face": "9" * 400 + ",4,5"}, 422, "invalid"),
        ({"face": "5,40,50", "end_s": "5"}, 400, "unknown_setting"),
    ],
)
def test_it_refuses(
    ada: User, tiny: str, fields: dict[str, object], status: int, code: str
) -> None:
    refused(send(ada, **fields), status, code)  # type: ignore[arg-type]
    assert not Upload.objects.exists()


def test_it_refuses_what_is_too_large_and_keeps_nothing(ada: User, tiny: str, settings) -> None:  # type: ignore[no-untyped-def]
    settings.MAX_UPLOAD_BYTES = 1000
    assert "more than" in refused(send(ada), 413, "upload_too_large")
    assert not Upload.objects.exists()


def test_it_lists_filters_and_pages(ada: User, upload: Upload, tiny: str) -> None:
    for frames in ("5", "6", "7"):
        submit(ada, upload, Settings(frames=frames, model=tiny))
    Analysis.objects.filter(frames="6").update(status=Status.DONE, label="fake")
    client = client_of(ada)

    def frame_counts(query: str) -> list[str]:
        items = client.get(f"{ROOT}/analyses?{query}").json()["items"]
        return [item["settings"]["frames"] for item in items]

    assert frame_counts("") == ["7", "6", "5"]
    assert frame_counts("label=fake") == frame_counts("status=done") == ["6"]
    assert frame_counts("search=SAMPLE&limit=1&offset=2") == ["5"]
    assert frame_counts("search=other") == frame_counts("since=2999-01-01T00:00:00Z") == []
    page = client.get(f"{ROOT}/analyses?limit=2&search=sample").json()
    assert page["count"] == 3
    rest = client.get(page["next"]).json()
    assert [item["settings"]["frames"] for item in rest["items"]] == ["5"]
    assert rest["next"] is None
    refused(client.get(f"{ROOT}/analyses?limit=1000"), 422, "invalid")
    refused(client.get(f"{ROOT}/analyses?since=2026-01-01T00:00:00"), 422, "invalid")
    refused(client.get(f"{ROOT}/analyses?until=9999-12-31T23:59:59-01:00"), 422, "invalid")
    assert frame_counts("until=2999-01-01T00:00:00-22:27") == frame_counts("search=sam%00ple")


def test_it_sends_nothing_to_whoever_has_it(done: Analysis) -> None:
    client = client_of(done.owner)
    first = client.get(f"{ROOT}/analyses/{done.pk}")
    again = client.get(f"{ROOT}/analyses/{done.pk}", headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_it_says_why_an_analysis_failed(queued: Analysis) -> None:
    Analysis.objects.update(
        status=Status.FAILED, error_code="corrupt", error_message="sample.mp4: broken"
    )
    body = client_of(queued.owner).get(f"{ROOT}/analyses/{queued.pk}").json()
    assert body["error"] == {"code": "corrupt", "message": "sample.mp4: broken"}
    assert body["result"] is None


def test_it_cancels(queued: Analysis) -> None:
    body = client_of(queued.owner).post(f"{ROOT}/analyses/{queued.pk}/cancel").json()
    assert body["status"] == "cancelled"


def test_it_deletes(done: Analysis) -> None:
    client = client_of(done.owner)
    assert client.delete(f"{ROOT}/analyses/{done.pk}").status_code == 204
    assert not Upload.objects.exists()
    refused(client.get(f"{ROOT}/analyses/{done.pk}"), 404, "not_found")
