from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from facetell.web.analyses.models import Analysis, Batch, Status, Upload
from facetell.web.api import archives
from tests.web.api_client import ROOT, client_of
from tests.web.conftest import SAMPLE


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return data.getvalue()


def send(owner: User, *files: tuple[str, bytes]) -> Any:
    sent = [SimpleUploadedFile(name, data) for name, data in files]
    return client_of(owner).post(f"{ROOT}/batches", {"files": sent, "model": "tiny", "name": "x"})


def test_it_queues_several_files_and_the_files_of_a_zip(ada: User, tiny: str) -> None:
    video = SAMPLE.read_bytes()
    archive = zipped(("../../etc/b.mp4", video + b"b"), ("inner.zip", b"PK"), ("dir/", b""))
    answer = send(ada, ("a.mp4", video), ("note.pdf", b"%PDF"), ("more.zip", archive))
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert [each["file"]["name"] for each in body["analyses"]] == ["a.mp4", "b.mp4"]
    codes = {each["name"]: each["problem"]["code"] for each in body["refused"]}
    assert codes == {"note.pdf": "wrong_type", "inner.zip": "wrong_type"}
    assert body["summary"] == {
        "count": 2,
        "ended": 0,
        "by_status": {"queued": 2},
        "by_label": {},
    }
    Analysis.objects.filter(upload__name="a.mp4").update(status=Status.DONE, label="real")
    later = client_of(ada).get(answer.headers["Location"]).json()
    assert (later["summary"]["ended"], later["summary"]["by_label"]) == (1, {"real": 1})


def test_it_refuses_bombs_and_broken_zips(ada: User, tiny: str) -> None:
    bomb = zipped(("a.mp4", b"\0" * 10_000_000))
    for data in (bomb, b"no zip", zipped()):
        answer = send(ada, ("x.zip", data))
        assert answer.status_code == 422
    assert not Batch.objects.exists()
    assert not Upload.objects.exists()


def test_it_refuses_too_many(ada: User, tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    many = zipped(*((f"{n}.mp4", b"x") for n in range(3)))
    assert send(ada, ("x.zip", many)).json()["code"] == "bad_archive"


def test_a_member_that_lies_about_itself_is_refused(ada: User, tiny: str) -> None:
    data = zipped(("a.mp4", b"video " * 99), method=zipfile.ZIP_STORED)
    spoiled = data.replace(b"video video", b"vidEo video", 1)  # the checksum tells
    answer = send(ada, ("x.zip", spoiled))
    assert answer.status_code == 422
    assert "cannot be unpacked" in answer.json()["detail"]
    assert not Upload.objects.exists()
