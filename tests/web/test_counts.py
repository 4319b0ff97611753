"""What is counted for a while: in one process, or in the database for several."""

from __future__ import annotations

import runpy
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.db import connection
from django.test import AsyncClient, Client

from facetell.web import settings as web_settings
from facetell.web.accounts import counts, throttle
from facetell.web.accounts.models import Count
from facetell.web.analyses.keeper import tidy


@pytest.fixture(params=[True, False], ids=["shared", "one process"])
def _counting(request: pytest.FixtureRequest, settings: Any, db: None) -> None:
    settings.SHARED_COUNTS = request.param
    cache.clear()


@pytest.mark.usefixtures("_counting")
def test_it_counts_until_the_window_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [counts.add("a", 60) for _ in range(3)] == [1, 2, 3]
    assert (counts.read("a"), counts.read("b")) == (3, 0)
    later_s = time.time() + 61
    monkeypatch.setattr("time.time", lambda: later_s)
    assert counts.read("a") == 0
    assert counts.add("a", 60) == 1


@pytest.mark.django_db(transaction=True)
def test_processes_count_together(settings: Any) -> None:
    settings.SHARED_COUNTS = True

    def count() -> None:
        cache.clear()  # another process has another memory
        for _ in range(25):
            counts.add("a", 60)
        connection.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.read("a") == 100


def test_sign_in_is_refused_by_all_processes(settings: Any, db: None) -> None:
    settings.SHARED_COUNTS = True
    for _ in range(throttle.MOST_FOR_NAME):
        throttle.count_failure("Ada", "192.0.2.1")
    cache.clear()
    assert throttle.is_blocked("ada", "192.0.2.2")
    assert not throttle.is_blocked("bob", "192.0.2.1")


@pytest.mark.django_db(transaction=True)
def test_the_api_counts_in_the_database(settings: Any) -> None:
    settings.SHARED_COUNTS, settings.RATE_ADDRESS = True, 3
    ask = async_to_sync(AsyncClient().get)
    statuses = []
    for _ in range(7):
        cache.clear()
        statuses.append(ask("/api/v1/health").status_code)
    assert statuses[:3] == [HTTPStatus.OK] * 3  # a new minute may begin in between
    assert HTTPStatus.TOO_MANY_REQUESTS in statuses


def test_old_counts_are_forgotten(settings: Any, db: None) -> None:
    settings.SHARED_COUNTS = True
    counts.add("old", -1)
    counts.add("new", 60)
    tidy()
    assert [row.name for row in Count.objects.all()] == ["new"]


def test_nothing_is_written_by_default_where_one_process_answers(settings: Any, db: None) -> None:
    settings.SHARED_COUNTS = False
    Client().get("/api/v1/health")
    assert not Count.objects.exists()


@pytest.mark.parametrize(
    ("environment", "shared"),
    [
        ({}, False),
        ({"DATABASE_URL": "postgres://facetell@localhost/facetell"}, True),
        ({"WEB_CONCURRENCY": "2"}, True),
        ({"WEB_CONCURRENCY": "2", "FACETELL_SHARED_COUNTS": "0"}, False),
    ],
)
def test_where_it_counts_follows_from_what_answers(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], shared: bool
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = runpy.run_path(str(Path(web_settings.__file__)))
    assert found["SHARED_COUNTS"] is shared
