from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from facetell.web.accounts.keys import MARK, make_key, recognize, revoke_key
from facetell.web.accounts.models import ApiKey, Scope
from facetell.web.analyses.models import Analysis, Batch
from facetell.web.webhooks.models import Webhook
from tests.web.api_client import ROOT, client_of

FREE = {f"{ROOT}/{name}" for name in ("health", "ready", "metrics")}


@pytest.fixture(autouse=True)
def _accounts(settings) -> None:  # type: ignore[no-untyped-def]
    settings.ACCOUNTS = True
    cache.clear()


def operations() -> list[tuple[str, str]]:
    """Each method and address of the OpenAPI document."""
    document: dict[str, Any] = json.loads(Client().get(f"{ROOT}/openapi.json").content)
    return [(m.upper(), path) for path, methods in document["paths"].items() for m in methods]


def filled(path: str, analysis: Analysis) -> str:
    batch, _ = Batch.objects.get_or_create(owner=analysis.owner)
    hook, _ = Webhook.objects.get_or_create(owner=analysis.owner, url="https://example.org/told")
    ids = {"{analysis_id}": analysis.pk, "{batch_id}": batch.pk, "{number}": 0}
    ids["{webhook_id}"] = hook.pk
    for name, value in ids.items():
        path = path.replace(name, str(value))
    return path


def test_strangers_learn_nothing_at_any_address(done: Analysis, bob: User) -> None:
    stranger, nobody = client_of(bob), Client()
    asked = 0
    for method, path in operations():
        if path not in FREE:
            assert nobody.generic(method, filled(path, done)).status_code == 401, path
        if "{" in path:
            response = stranger.generic(method, filled(path, done))
            assert response.status_code == 404, (method, path)
            assert response.headers["Content-Type"] == "application/problem+json"
            asked += 1
    assert asked >= 13
    assert Analysis.objects.filter(pk=done.pk, cancel_asked=False).exists()


def test_its_owner_reads_each_address(done: Analysis) -> None:
    client = client_of(done.owner, Scope.READ)
    for method, path in operations():
        if method == "GET" and "/frames/" not in path:
            assert client.get(filled(path, done)).status_code == 200, path


def test_only_the_hash_of_a_key_is_kept(ada: User) -> None:
    key, secret = make_key(ada, "laptop")
    assert secret.startswith(MARK)
    assert secret not in str(ApiKey.objects.values().get())
    assert recognize(secret) == key
    assert recognize(secret + "x") is None
    key.refresh_from_db()
    assert key.last_used_at is not None


def test_a_key_ends(ada: User, bob: User) -> None:
    revoked, first = make_key(ada, "a")
    assert not revoke_key(bob, revoked.pk)
    assert recognize(first) is not None
    assert revoke_key(ada, revoked.pk)
    expired, second = make_key(ada, "b", days=1)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    _, third = make_key(ada, "c")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    for secret in (first, second, third):
        assert recognize(secret) is None
        answer = Client().get(f"{ROOT}/analyses", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_for_reading_changes_nothing(queued: Analysis) -> None:
    reader = client_of(queued.owner, Scope.READ)
    assert reader.delete(f"{ROOT}/analyses/{queued.pk}").status_code == 403
    assert Analysis.objects.exists()


def test_a_wrong_key_is_not_helped_by_a_session(ada: User) -> None:
    client = Client(headers={"Authorization": "Bearer ftk_wrong"})
    client.force_login(ada)
    assert client.get(f"{ROOT}/analyses").status_code == 401


def test_a_session_needs_its_csrf_token(queued: Analysis) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(queued.owner)
    address = f"{ROOT}/analyses/{queued.pk}/cancel"
    assert client.get(f"{ROOT}/analyses").status_code == 200
    assert client.post(address).status_code == 403
    client.cookies["csrftoken"] = token = "a" * 32
    assert client.post(address, headers={"X-CSRFToken": token}).status_code == 200


def test_without_accounts_curl_needs_no_key(own: Analysis, settings) -> None:  # type: ignore[no-untyped-def]
    settings.ACCOUNTS = False
    client, address = Client(enforce_csrf_checks=True), f"{ROOT}/analyses/{own.pk}/cancel"
    assert client.post(address).status_code == 200
    for header in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post(address, headers=header).status_code == 403
    far = client.get(f"{ROOT}/analyses", REMOTE_ADDR="192.0.2.7")
    assert (far.status_code, far.headers["Content-Type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("limit", ["RATE_KEY", "RATE_ADDRESS"])
def test_it_limits_how_often_one_asks(ada: User, settings, limit: str) -> None:  # type: ignore[no-untyped-def]
    setattr(settings, limit, 3)
    client = client_of(ada)
    statuses = [client.get(f"{ROOT}/analyses").status_code for _ in range(7)]
    assert statuses[:3] == [200] * 3  # a new minute may begin in between
    assert 429 in statuses
    answer = next(a for _ in range(9) if (a := client.get(f"{ROOT}/models")).status_code == 429)
    assert answer.json()["code"] == "rate_limited"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_every_mistake_is_a_problem(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(ada)
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/analyses/not-a-uuid", 404),
        ("PUT", "/analyses", 405),
        ("POST", "/models", 405),
    ):
        answer = client.generic(method, ROOT + path)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert client.generic("PUT", f"{ROOT}/models")["Allow"] == "GET"
    monkeypatch.setattr("facetell.web.api.server.models", lambda: 1 / 0)
    answer = client.get(f"{ROOT}/models")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_wrong_address_is_told_as_such_without_token_or_key(db: None, method: str) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, f"{ROOT}/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
