from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import Client, RequestFactory

from facetell.web.analyses.models import Analysis
from facetell.web.pages import faults, upload

pytestmark = pytest.mark.django_db


def test_what_is_absent_looks_like_what_is_anothers(client: Client, queued: Analysis) -> None:
    pages = {
        client.get(f"/analyses/{known}/").content.replace(str(known).encode(), b"")
        for known in (queued.pk, uuid.uuid4())
    }
    first, second = (page.partition(b"<main")[2] for page in [*pages, *pages][:2])
    assert first == second
    assert b"Nothing here" in first


def test_an_old_form_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/sample/")
    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()


def test_an_error_of_ours_has_a_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(upload, "models", explode)
    client.raise_request_exception = False
    answer = client.get("/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something broke" in page
    assert "ZeroDivisionError" not in page


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError(), 400), (RequestDataTooBig(), 413)], ids=["400", "413"]
)
def test_requests_that_cannot_be_read_have_pages(error: Exception, status: int) -> None:
    answer = faults.bad_request(RequestFactory().get("/"), error)
    assert answer.status_code == status
    assert "<h1>" in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/sample/", "/"),
        ("/analyses/delete/", "/analyses/"),
        (f"/analyses/{uuid.UUID(int=1)}/again/", f"/analyses/{uuid.UUID(int=1)}/"),
        (f"/batches/{uuid.UUID(int=1)}/cancel/", f"/batches/{uuid.UUID(int=1)}/"),
    ],
)
def test_what_takes_a_form_leads_to_the_page_that_has_it(
    client: Client, path: str, page: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["location"]) == (302, page)
