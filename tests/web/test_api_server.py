from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils import timezone

from facetell import __version__, weights
from facetell.web.analyses.models import Analysis
from tests.web.api_client import ROOT, client_of


def test_it_lists_the_models(queued: Analysis) -> None:
    body = client_of(queued.owner).get(f"{ROOT}/models").json()
    names = [model["name"] for model in body["items"]]
    assert names == [*(card.name for card in weights.available()), "tiny"]
    assert "all" in body["frame_choices"]


def test_it_is_healthy(db: None) -> None:
    assert Client().get(f"{ROOT}/health").json() == {"status": "ok", "version": __version__}


def test_it_is_ready_until_work_lies_idle(queued: Analysis) -> None:
    assert Client().get(f"{ROOT}/ready").status_code == 200
    long_ago = timezone.now() - timedelta(hours=1)
    Analysis.objects.update(created_at=long_ago)
    answer = Client().get(f"{ROOT}/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert "no worker" in answer.json()["detail"]
    Analysis.objects.update(lease_until=timezone.now() + timedelta(seconds=9))
    assert Client().get(f"{ROOT}/ready").status_code == 200


def test_it_is_not_ready_when_nothing_can_be_written(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(FileSystemStorage, "save", full)
    assert Client().get(f"{ROOT}/ready").status_code == 503


def test_it_counts_for_prometheus(done: Analysis) -> None:
    text = Client().get(f"{ROOT}/metrics").content.decode()
    assert f'facetell_analyses{{label="{done.label}",status="done"}} 1.0' in text
    assert "facetell_queued 0.0" in text
    [seconds] = [
        line for line in text.splitlines() if line.startswith("facetell_analysis_seconds_sum{")
    ]
    assert done.finished_at is not None
    assert done.started_at is not None
    took_s = (done.finished_at - done.started_at).total_seconds()
    assert float(seconds.split()[-1]) == pytest.approx(took_s, abs=0.01)


def test_far_machines_need_a_key_for_the_numbers(done: Analysis, settings: Any) -> None:
    settings.ACCOUNTS = True
    address, far = f"{ROOT}/metrics", {"REMOTE_ADDR": "192.0.2.7"}
    assert Client().get(address, **far).status_code == 401  # type: ignore[arg-type]
    assert client_of(done.owner).get(address, **far).status_code == 200  # type: ignore[arg-type]
