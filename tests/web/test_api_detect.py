"""POST /detect: a verdict in one request, or where to look for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from facetell.web.analyses import deletion, run
from facetell.web.analyses.models import Analysis, Status
from facetell.web.api import detect
from tests.web.api_client import ROOT, client_of
from tests.web.conftest import SAMPLE


def ask(owner: User, field: str = "file", data: bytes | None = None) -> Any:
    file = SimpleUploadedFile("clip.mp4", data or SAMPLE.read_bytes())
    return client_of(owner).post(f"{ROOT}/detect", {field: file, "frames": "5", "model": "tiny"})


@pytest.fixture
def worker(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody waits, the real pipeline works."""

    def work(_: float) -> None:
        run.run(str(Analysis.objects.get(status=Status.QUEUED).pk))

    monkeypatch.setattr("facetell.web.api.detect.sleep", work)


@pytest.mark.parametrize("field", ["file", "video"])
def test_it_answers_with_the_verdict_of_the_pipeline(ada: User, worker: None, field: str) -> None:
    answer = ask(ada, field)
    analysis = Analysis.objects.get()
    assert answer.status_code == 200
    assert answer.headers["Location"] == f"{ROOT}/analyses/{analysis.pk}"
    body = answer.json()
    assert body["p_fake"] == analysis.p_fake
    assert body["output"].lower().replace(" ", "_") == analysis.label
    assert body["analysis"] == answer.headers["Location"]


@pytest.mark.parametrize(
    ("label", "p_fake", "output", "confidence"),
    [
        ("fake", 0.9, "Fake", 90.0),
        ("real", 0.2, "Real", 80.0),
        ("inconclusive", 0.5, "Inconclusive", None),
        ("no_face", None, "No face", None),
    ],
)
def test_it_is_as_sure_as_the_model_of_the_side_that_it_takes(
    queued: Analysis, label: str, p_fake: float | None, output: str, confidence: float | None
) -> None:
    Analysis.objects.update(status=Status.DONE, label=label, p_fake=p_fake)
    body = ask(queued.owner).json()
    assert (body["output"], body["confidence"]) == (output, confidence)


@pytest.mark.parametrize("why", ["it takes long", "too many wait"])
def test_it_says_where_to_look(
    ada: User, tiny: str, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "it takes long":
        monkeypatch.setattr(detect, "LONGEST_S", 0)
    else:
        monkeypatch.setattr(detect._seats, "acquire", lambda blocking: blocking)
    answer = ask(ada)
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert client_of(ada).get(answer.headers["Location"]).status_code == 200


def test_what_cannot_be_analysed_is_a_problem(ada: User, worker: None) -> None:
    answer = ask(ada, data=b"no video at all" * 100)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (422, Analysis.objects.get().error_code)


def test_an_end_that_somebody_made_is_told(
    ada: User, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = [lambda a: deletion.cancel(a), lambda a: deletion.delete(a)]
    for end, status in zip(ends, (409, 404), strict=True):
        monkeypatch.setattr(
            "facetell.web.api.detect.sleep",
            lambda _, end=end: end(Analysis.objects.get(status="queued")),
        )
        assert ask(ada).status_code == status


def test_nobody_keeps_a_seat(ada: User, worker: None) -> None:
    free = detect._seats._value
    ask(ada)
    assert detect._seats._value == free


def test_without_a_file_it_says_what_to_send(ada: User, tiny: str) -> None:
    answer = client_of(ada).post(f"{ROOT}/detect", {"frames": "5"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
