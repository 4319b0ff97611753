"""Webhooks: registered, signed, delivered to a real server of the tests' own, tried again."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client as Browser
from django.utils import timezone

from facetell.web.accounts.people import new_guest
from facetell.web.analyses import deletion, keeper, leases, recovery, run
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.models import Analysis, Batch, Status, Upload
from facetell.web.analyses.submission import submit
from facetell.web.outbound.client import Client
from facetell.web.webhooks import courier
from facetell.web.webhooks.models import Delivery, Webhook
from facetell.web.webhooks.registration import MOST, register
from facetell.web.webhooks.signing import secret_of, sign
from tests.web.api_client import ROOT, client_of
from tests.web.receiver import Receiver, answer, receiving

PAGE = Path(__file__).parents[2] / "docs/webhooks.md"


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.WEBHOOK_PLACES = frozenset({receiver.place})
        monkeypatch.setattr(courier, "_client", receiver.client)
        yield receiver


@pytest.fixture
def webhook(ada: User, server: Receiver) -> Webhook:
    return register(ada, server.address("/told"))


@pytest.fixture
def ended(webhook: Webhook, queued: Analysis) -> Analysis:
    """An analysis that was cancelled before it was begun."""
    deletion.cancel(queued)
    return queued


@pytest.fixture
def verify() -> Callable[..., None]:
    """The function that docs/webhooks.md shows."""
    names: dict[str, Any] = {}
    [code] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M)
    exec(code, names)
    found: Callable[..., None] = names["verify"]
    return found


def pass_time(**span: float) -> None:
    """Let messages wait so much less."""
    Delivery.objects.update(due_at=F("due_at") - timedelta(**span))


def test_it_registers_lists_and_deletes(ada: User, bob: User, server: Receiver) -> None:
    client = client_of(ada)
    made = client.post(f"{ROOT}/webhooks", {"url": server.address("/told")})
    assert made.status_code == 201, made.content
    body = made.json()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", body["secret"])
    assert made.headers["Cache-Control"] == "no-store"
    [listed] = client.get(f"{ROOT}/webhooks").json()["items"]
    assert "secret" not in listed
    assert listed == {k: v for k, v in body.items() if k != "secret"}
    assert (listed["waiting"], listed["last_result"]) == (0, None)
    assert client_of(bob).get(f"{ROOT}/webhooks").json()["items"] == []
    assert client_of(bob).delete(f"{ROOT}/webhooks/{body['id']}").status_code == 404
    assert client.delete(f"{ROOT}/webhooks/{body['id']}").status_code == 204
    assert client.delete(f"{ROOT}/webhooks/{body['id']}").status_code == 404
    assert not server.requests


def test_by_default_no_place_is_allowed(ada: User, settings: Any) -> None:
    assert not settings.WEBHOOK_PLACES
    for url in ("https://example.org/", "https://127.0.0.1/", "http://localhost/", "x", ""):
        refused = client_of(ada).post(f"{ROOT}/webhooks", {"url": url})
        assert (refused.status_code, refused.json()["code"]) == (400, "url_refused"), url
    assert not Webhook.objects.exists()


def test_it_refuses_guests_and_too_many(ada: User, server: Receiver, settings: Any) -> None:
    for _ in range(MOST):
        register(ada, server.address())
    refused = client_of(ada).post(f"{ROOT}/webhooks", {"url": server.address()})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_webhooks")
    settings.ACCOUNTS = settings.GUESTS = True
    guest = Browser()
    guest.force_login(new_guest())
    refused = guest.post(f"{ROOT}/webhooks", {"url": server.address()})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_each_has_a_secret_of_its_own_that_no_row_holds(ada: User, server: Receiver) -> None:
    secrets = {secret_of(register(ada, server.address()).pk) for _ in range(3)}
    assert len(secrets) == 3
    stored = str(list(Webhook.objects.values()))
    assert not any(secret.removeprefix("whsec_") in stored for secret in secrets)


def test_it_signs_as_standard_webhooks_does() -> None:
    """The convention's published example."""
    headers = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_verdict_is_told_and_the_documented_check_believes_it(
    webhook: Webhook, queued: Analysis, server: Receiver, verify: Callable[..., None]
) -> None:
    run.run(str(queued.pk))
    assert not server.requests, "who analyses does not wait for receivers"
    assert courier.deliver_due() == 1
    [got] = server.requests
    assert (got.method, got.path) == ("POST", "/told")
    assert got.headers["content-type"] == "application/json"
    secret = secret_of(webhook.pk)
    verify(secret, got.headers, got.body)
    queued.refresh_from_db()
    told = json.loads(got.body)
    assert told["type"] == "analysis.ended"
    assert told["data"] == {
        "id": str(queued.pk),
        "status": "done",
        "label": queued.label,
        "p_fake": queued.p_fake,
        "error": None,
        "file": {"name": "sample.mp4", "sha256": queued.upload.sha256},
        "batch": None,
    }
    assert not Delivery.objects.exists()
    webhook.refresh_from_db()
    assert webhook.last_result == "delivered"
    for broken in (
        (secret_of(queued.pk), got.headers, got.body),
        (secret, got.headers, got.body + b" "),
        (secret, got.headers | {"webhook-id": "msg_other"}, got.body),
        (secret, got.headers, got.body, time.time() + 400),
    ):
        with pytest.raises(ValueError, match=r"not signed|too long ago"):
            verify(*broken)


def test_each_way_to_end_is_told_once(
    webhook: Webhook, ada: User, upload: Upload, tiny: str, server: Receiver
) -> None:
    waiting, lost, broken, stopped = (
        submit(ada, upload, Settings(frames=n, model=tiny))[0] for n in "5678"
    )
    deletion.cancel(waiting)
    deletion.cancel(waiting)
    assert leases.take(lost.pk, "a worker")
    past = timezone.now() - timedelta(hours=1)
    Analysis.objects.filter(pk=lost.pk).update(workers_lost=2, lease_until=past)
    recovery.recover()
    lease = leases.take(broken.pk, "a worker")
    assert lease is not None
    lease.fail("corrupt", "sample.mp4: broken")
    with pytest.raises(leases.LeaseLost):
        lease.fail("corrupt", "again")
    lease = leases.take(stopped.pk, "a worker")
    assert lease is not None
    deletion.cancel(stopped)
    assert Delivery.objects.count() == 3, "it has not stopped yet"
    lease.cancel()
    assert courier.deliver_due() == 4
    told = {d["id"]: d for d in (json.loads(r.body)["data"] for r in server.requests)}
    assert len(server.requests) == 4
    assert told[str(waiting.pk)]["status"] == told[str(stopped.pk)]["status"] == "cancelled"
    assert told[str(lost.pk)]["error"]["code"] == "worker_lost"
    assert told[str(broken.pk)]["error"] == {"code": "corrupt", "message": "sample.mp4: broken"}


def test_a_batch_says_when_it_is_through(
    webhook: Webhook, ada: User, upload: Upload, tiny: str, server: Receiver
) -> None:
    batch = Batch.objects.create(owner=ada)
    for frames in "56":
        submit(ada, upload, Settings(frames=frames, model=tiny), batch)
    for analysis in Analysis.objects.all():
        deletion.cancel(analysis)
    courier.deliver_due()
    told = [json.loads(r.body)["data"]["batch"] for r in server.requests]
    assert [(b["ended"], b["count"]) for b in told] == [(1, 2), (2, 2)]
    assert {b["id"] for b in told} == {str(batch.pk)}


def test_others_are_not_told(
    webhook: Webhook, bob: User, tiny: str, server: Receiver, upload: Upload
) -> None:
    Upload.objects.update(owner=bob)
    upload.refresh_from_db()
    deletion.cancel(submit(bob, upload, Settings(model=tiny))[0])
    assert not Delivery.objects.exists()


def test_a_request_that_ends_something_calls_nobody(
    webhook: Webhook, queued: Analysis, server: Receiver
) -> None:
    client_of(queued.owner).post(f"{ROOT}/analyses/{queued.pk}/cancel")
    assert Delivery.objects.count() == 1
    assert not server.requests


def test_it_tries_again_with_growing_pauses_and_gives_up(
    ended: Analysis, webhook: Webhook, server: Receiver, verify: Callable[..., None]
) -> None:
    server.respond = answer(500)
    for number, pause_s in enumerate(courier.PAUSES_S, start=1):
        before = timezone.now()
        assert courier.deliver_due() == 0
        assert len(server.requests) == number
        waits_s = (Delivery.objects.get().due_at - before).total_seconds()
        assert pause_s <= waits_s < pause_s + 4
        assert courier.deliver_due() == 0
        assert len(server.requests) == number, "not before its time"
        pass_time(seconds=pause_s + 4)
    courier.deliver_due()
    assert not Delivery.objects.exists()
    webhook.refresh_from_db()
    assert webhook.last_result == "answered 500"
    assert len({got.headers["webhook-id"] for got in server.requests}) == 1
    assert len({got.body for got in server.requests}) == 1
    for got in server.requests:
        verify(secret_of(webhook.pk), got.headers, got.body)


def test_what_failed_is_delivered_once_it_can_be(
    ended: Analysis, webhook: Webhook, server: Receiver
) -> None:
    server.respond = answer(503)
    courier.deliver_due()
    server.respond = answer(200, b"thanks")
    pass_time(seconds=6)
    assert courier.deliver_due() == 1


@pytest.mark.parametrize(
    ("respond", "kept"),
    [
        (answer(410), False),
        (answer(302, Location="http://169.254.169.254/latest/meta-data/"), True),
        (lambda handler: handler.wfile.write(b"SSH-2.0\r\n"), True),
    ],
)
def test_no_other_answer_counts(
    ended: Analysis, server: Receiver, respond: Any, kept: bool
) -> None:
    server.respond = respond
    assert courier.deliver_due() == 0
    assert len(server.requests) == 1
    assert Delivery.objects.exists() == kept


def test_a_worker_that_dies_over_it_loses_nothing(
    ended: Analysis, server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(delivery: Delivery) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(courier, "_post", die)
        with pytest.raises(KeyboardInterrupt):
            courier.deliver_due()
    assert courier.deliver_due() == 0, "it could still be at it"
    pass_time(seconds=61)
    assert courier.deliver_due() == 1


def test_two_workers_deliver_a_message_once(ended: Analysis, server: Receiver) -> None:
    [seen] = Delivery.objects.select_related("webhook")
    assert courier.deliver_due() == 1
    assert not courier._claim(seen)
    assert len(server.requests) == 1


def test_who_is_silent_holds_nobody_up(
    webhook: Webhook,
    ada: User,
    upload: Upload,
    tiny: str,
    server: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.respond = lambda handler: time.sleep(0.3)
    monkeypatch.setattr(courier, "_client", lambda: server.client(step_s=0.1))
    for frames in "5678":
        deletion.cancel(submit(ada, upload, Settings(frames=frames, model=tiny))[0])
    assert courier.deliver_due() == 0
    assert len(server.requests) == 1, "its other messages wait"
    webhook.refresh_from_db()
    assert webhook.last_result == "hooks.test is too slow"
    server.respond = answer(204)
    monkeypatch.setattr(courier, "_client", server.client)
    pass_time(seconds=61)
    assert courier.deliver_due() == 4


def test_who_is_slow_leaves_time_for_others(
    webhook: Webhook,
    ada: User,
    upload: Upload,
    tiny: str,
    server: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "SLOW_S", 0.0)
    for frames in "5678":
        deletion.cancel(submit(ada, upload, Settings(frames=frames, model=tiny))[0])
    assert courier.deliver_due() == 1
    assert len(server.requests) == 1, "its other messages wait"
    pass_time(seconds=61)
    assert courier.deliver_due() == 1


def test_in_earnest_it_never_calls_this_machine(
    ended: Analysis, webhook: Webhook, server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client of every server, with nothing changed but what DNS says."""
    monkeypatch.undo()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("127.0.0.1", 0))])
    assert courier._client().may_reach is Client(frozenset(), 1, 1).may_reach
    assert courier.deliver_due() == 0
    webhook.refresh_from_db()
    assert webhook.last_result == "hooks.test leads to an address that is not public"
    assert not server.requests


def test_a_host_that_is_not_allowed_any_more_is_not_called(
    ended: Analysis, webhook: Webhook, server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "_client", lambda: server.client(allowed=frozenset()))
    assert courier.deliver_due() == 0
    webhook.refresh_from_db()
    assert "none of the places" in webhook.last_result
    assert not server.requests


def test_what_is_deleted_is_not_told(ended: Analysis, server: Receiver) -> None:
    deletion.delete(ended)
    assert courier.deliver_due() == 0
    assert not server.requests


def test_messages_that_nobody_delivers_are_forgotten(ended: Analysis) -> None:
    keeper.tidy()
    assert Delivery.objects.count() == 1
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=4))
    keeper.tidy()
    assert not Delivery.objects.exists()


def test_a_worker_delivers_beside_its_work_only_where_somebody_may_be_told(
    server: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()
    monkeypatch.setattr(courier.Courier, "start", lambda self: started.set())
    settings.WEBHOOK_PLACES = frozenset()
    keeper.working.send(sender=None)
    assert not started.is_set()
    settings.WEBHOOK_PLACES = frozenset({server.place})
    keeper.working.send(sender=None)
    assert started.is_set()


def test_plain_http_is_delivered_where_the_operator_means_it(
    ada: User, queued: Analysis, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving("http") as plain:
        settings.WEBHOOK_PLACES = frozenset({plain.place})
        monkeypatch.setattr(courier, "_client", plain.client)
        register(ada, plain.address("/told"))
        deletion.cancel(queued)
        assert courier.deliver_due() == 1
        assert Status.CANCELLED in plain.requests[0].body.decode()
