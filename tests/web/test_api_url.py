"""POST /analyses with `url`: the worker fetches a video from a real server of the tests' own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import Client as Browser
from django.utils import timezone

from facetell.web.accounts.guests import move_everything
from facetell.web.accounts.people import new_guest, sole_user
from facetell.web.analyses import deletion, fetching, leases, run
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.models import Analysis, Status, Upload
from facetell.web.analyses.submission import submit
from facetell.web.outbound.client import Client
from facetell.web.outbound.targets import Place
from tests.web.api_client import ROOT, client_of
from tests.web.conftest import SAMPLE
from tests.web.receiver import HERE, Receiver, answer, names, receiving


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.URL_PLACES = frozenset({receiver.place})
        receiver.respond = answer(200, SAMPLE.read_bytes())
        monkeypatch.setattr(fetching, "_client", receiver.client)
        yield receiver


def ask(owner: User, url: str, **more: Any) -> Any:
    fields = {"url": url, "model": "tiny", "frames": "5", **more}
    return client_of(owner).post(f"{ROOT}/analyses", fields)


def ran(owner: User, url: str) -> Analysis:
    """Ask, let the worker do it, and return what came."""
    asked = ask(owner, url)
    assert asked.status_code == 202, asked.content
    run.run(asked.json()["id"])
    return Analysis.objects.select_related("upload").get(pk=asked.json()["id"])


def test_it_fetches_and_analyses(ada: User, tiny: str, server: Receiver) -> None:
    asked = ask(ada, server.address("/a/clip%20one.mp4?token=x"))
    assert asked.status_code == 202
    sent = asked.json()["file"]
    assert sent == {"name": "clip one.mp4", "sha256": None, "size_bytes": None, "kept": False}
    assert not server.requests, "no request waits for a download"
    run.run(asked.json()["id"])
    body = client_of(ada).get(asked.headers["Location"]).json()
    assert (body["status"], body["error"]) == ("done", None)
    assert body["file"]["size_bytes"] == SAMPLE.stat().st_size
    assert body["result"]["sha256"] == body["file"]["sha256"]
    assert body["result"]["path"] == "clip one.mp4"
    [got] = server.requests
    assert (got.method, got.path) == ("GET", "/a/clip%20one.mp4?token=x")
    upload = Upload.objects.get()
    assert (upload.url, default_storage.size(upload.file)) == ("", SAMPLE.stat().st_size)


def test_by_default_no_place_is_allowed(ada: User, tiny: str, settings: Any) -> None:
    assert frozenset() == settings.URL_PLACES
    refused = ask(ada, "https://example.org/a.mp4")
    assert (refused.status_code, refused.json()["code"]) == (400, "url_refused")
    assert not Upload.objects.exists()


REFUSED = [
    ("http://127.0.0.1/a.mp4", 400, "url_refused"),
    ("file:///etc/passwd", 400, "url_refused"),
    ("https://other.test/a.mp4", 400, "url_refused"),
    ("https://hooks.test@other.test/a.mp4", 400, "url_refused"),
    ("/note.pdf", 415, "wrong_type"),
    ("", 422, "invalid"),
]


def test_it_refuses(ada: User, tiny: str, server: Receiver) -> None:
    for path, status, code in REFUSED:
        refused = ask(ada, server.address(path) if path.startswith("/") else path)
        assert (refused.status_code, refused.json()["code"]) == (status, code), path
    assert not Upload.objects.exists()


def test_file_and_url_do_not_go_together(ada: User, tiny: str, server: Receiver) -> None:
    with SAMPLE.open("rb") as file:
        assert ask(ada, server.address("/a.mp4"), file=file).json()["code"] == "invalid"


def failed(analysis: Analysis, code: str) -> str:
    assert (analysis.status, analysis.error_code) == (Status.FAILED, code)
    assert not Upload.objects.exclude(file="").exists(), "nothing half-written stays"
    assert not default_storage.exists("uploads") or not default_storage.listdir("uploads")[1]
    return analysis.error_message


FAULTS = [
    (answer(404, b"gone"), "its server answers 404"),
    (answer(200, b"x", Content_Encoding="gzip"), "packs it"),
    (answer(200, b"short", Content_Length="9"), "broke off"),
    (answer(302, Location="https://other.test/a.mp4"), "none of the places"),
    (answer(302, Location="http://169.254.169.254/latest/meta-data/"), "by its number"),
    (answer(302, Location="file:///etc/passwd"), "must begin with https"),
    (answer(302, Location="/again.mp4"), "without end"),
    (answer(302, Location="https://[foo/"), "no address"),
]


def test_it_says_why_nothing_came(ada: User, tiny: str, server: Receiver) -> None:
    for respond, said in FAULTS:
        server.respond = respond
        message = failed(ran(ada, server.address("/a.mp4")), "fetch_failed")
        assert message.startswith("a.mp4 could not be fetched: ")
        assert said in message


def test_redirects_within_the_list_are_followed(
    ada: User, tiny: str, server: Receiver, settings: Any
) -> None:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        there = handler.path == "/b.mp4"
        moved = answer(302, Location=server.address("/b.mp4"))
        (answer(200, SAMPLE.read_bytes()) if there else moved)(handler)

    server.respond = respond
    assert ran(ada, server.address("/a.mp4")).status == Status.DONE


def test_a_redirect_to_an_allowed_name_that_leads_inside_is_refused(
    ada: User, tiny: str, server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = Place("https", "trap.test", 443)
    client = server.client(
        allowed={server.place, trap},
        resolve=names(hooks_test=str(HERE), trap_test="169.254.169.254"),
    )
    monkeypatch.setattr(fetching, "_client", lambda: client)
    server.respond = answer(302, Location=f"{trap}/latest/meta-data/")
    message = failed(ran(ada, server.address("/a.mp4")), "fetch_failed")
    assert "trap.test leads to an address that is not public" in message


def test_in_earnest_it_never_calls_this_machine(
    ada: User, tiny: str, server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client of every server, with nothing changed but what DNS says."""
    monkeypatch.undo()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("127.0.0.1", 0))])
    assert fetching._client().may_reach is Client(frozenset(), 1, 1).may_reach
    assert "not public" in failed(ran(ada, server.address("/a.mp4")), "fetch_failed")
    assert not server.requests


def test_what_is_too_large_is_cut_off(
    ada: User, tiny: str, server: Receiver, settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    failed(ran(ada, server.address("/a.mp4")), "upload_too_large")

    def without_length(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + SAMPLE.read_bytes())

    server.respond = without_length
    failed(ran(ada, server.address("/a.mp4")), "upload_too_large")


def test_what_is_no_video_fails_as_such(ada: User, tiny: str, server: Receiver) -> None:
    server.respond = answer(200, b"<html>Please sign in</html>")
    analysis = ran(ada, server.address("/download?id=5"))
    assert (analysis.status, analysis.error_code) == (Status.FAILED, "not_media")
    assert analysis.error_message.startswith("download: ")


def test_a_file_that_was_sent_before_is_not_stored_twice(
    ada: User, upload: Upload, tiny: str, server: Receiver
) -> None:
    assert ran(ada, server.address("/a.mp4")).upload == upload
    assert Upload.objects.get() == upload


def test_cancelling_and_deleting_end_a_download(
    ada: User, tiny: str, server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "REPORT_EVERY_S", 0.0)

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\nx")
        Analysis.objects.update(cancel_asked=True)
        handler.wfile.write(b"y" * 100)
        time.sleep(0.2)
        handler.wfile.write(b"z" * 100)

    asked = ask(ada, server.address("/a.mp4")).json()["id"]
    Analysis.objects.update(cancel_asked=True)
    run.run(asked)
    analysis = Analysis.objects.get()
    assert analysis.status == Status.CANCELLED
    assert not Upload.objects.exclude(file="").exists()
    deletion.delete(analysis)
    assert not Upload.objects.exists()


def test_who_lost_the_lease_leaves_nothing(ada: User, tiny: str, server: Receiver) -> None:
    asked = ask(ada, server.address("/a.mp4")).json()["id"]
    lease = leases.take(asked, "first")
    assert lease is not None
    awaited = Upload.objects.get()
    deletion.delete(Analysis.objects.get())
    with pytest.raises(leases.LeaseLost):
        fetching.bring(awaited, lease, lambda *_: None)
    assert not Upload.objects.exists()


def test_two_addresses_at_once_are_two_files(ada: User, tiny: str, server: Receiver) -> None:
    first, second = (ask(ada, server.address(f"/{n}.mp4")).json()["id"] for n in "ab")
    assert Upload.objects.filter(owner=ada, sha256="").count() == 2
    run.run(first)
    run.run(second)
    assert Analysis.objects.filter(status=Status.DONE).count() == 2
    assert Upload.objects.count() == 1, "the bytes are the same"


def test_a_guest_who_signs_in_keeps_what_is_awaited(ada: User, tiny: str, server: Receiver) -> None:
    guest = new_guest()
    for owner in (ada, guest):
        submit(owner, fetching.expect(owner, server.address("/a.mp4")), Settings(model="tiny"))
    move_everything(guest, ada)
    assert Upload.objects.filter(owner=ada, url=server.address("/a.mp4")).count() == 2


def test_it_tries_again_from_the_page(ada: User, tiny: str, server: Receiver) -> None:
    server.respond = answer(503)
    analysis = ran(ada, server.address("/a.mp4"))
    move_everything(ada, sole_user())
    page = Browser().get(f"/analyses/{analysis.pk}/").text
    assert "a.mp4 could not be fetched: its server answers 503" in page
    assert f"/analyses/{analysis.pk}/again/" in page
    server.respond = answer(200, SAMPLE.read_bytes())
    there = Browser().post(f"/analyses/{analysis.pk}/again/").headers["Location"]
    again = there.strip("/").rpartition("/")[2]
    assert again != str(analysis.pk)
    run.run(again)
    assert Analysis.objects.get(pk=again).status == Status.DONE


def test_what_never_became_an_analysis_is_forgotten(ada: User, server: Receiver) -> None:
    fetching.expect(ada, server.address("/a.mp4"))
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=2))
    deletion.delete_expired()
    assert not Upload.objects.exists()


def test_the_key_repeats_the_answer_of_an_address_too(
    ada: User, tiny: str, server: Receiver
) -> None:
    client = client_of(ada)

    def send(path: str) -> Any:
        fields = {"url": server.address(path), "model": "tiny"}
        return client.post(f"{ROOT}/analyses", fields, headers={"Idempotency-Key": "k"})

    assert send("/a.mp4").content == send("/a.mp4").content
    assert send("/b.mp4").json()["code"] == "idempotency_key_reused"
