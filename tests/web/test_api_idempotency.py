from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from facetell.web.analyses.models import Analysis
from facetell.web.api.models import KeptAnswer
from tests.web.api_client import ROOT, client_of
from tests.web.conftest import SAMPLE


def send(
    owner: User, key: str, frames: str = "5", to: str = "analyses", model: str = "tiny"
) -> Any:
    file = SimpleUploadedFile("a.mp4", SAMPLE.read_bytes())
    fields = {"file" if to == "analyses" else "files": file, "frames": frames, "model": model}
    return client_of(owner).post(f"{ROOT}/{to}", fields, headers={"Idempotency-Key": key})


def test_the_same_request_gets_the_same_answer(ada: User, tiny: str) -> None:
    first, again = send(ada, "k"), send(ada, "k")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    batches = [send(ada, "b", to="batches").json()["id"] for _ in range(2)]
    assert batches[0] == batches[1]
    assert Analysis.objects.count() == 2


def test_another_request_with_the_same_key_is_refused(ada: User, bob: User, tiny: str) -> None:
    send(ada, "k")
    for answer in (send(ada, "k", frames="6"), send(ada, "k", to="batches")):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert send(bob, "k", frames="6").status_code == 202


def test_refusals_are_not_kept(ada: User, tiny: str) -> None:
    assert send(ada, "k", model="none").status_code == 400
    assert send(ada, "k").status_code == 202


def test_a_key_is_free_again_after_a_day(ada: User, tiny: str) -> None:
    send(ada, "k")
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert send(ada, "k", frames="6").status_code == 202


def test_two_at_once_do_it_once(ada: User, tiny: str) -> None:
    send(ada, "k")
    KeptAnswer.objects.update(status=0)
    assert send(ada, "k").json()["code"] == "still_working"
