from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from facetell.web.analyses import run
from facetell.web.analyses.models import Analysis
from facetell.web.api import events
from facetell.web.api.schemas import State
from tests.web.api_client import ROOT, client_of


def states(text: str) -> list[dict[str, object]]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines]


async def collect(stream: AsyncIterator[str]) -> str:
    return "".join([event async for event in stream])


def test_it_tells_each_change_once_and_ends(
    queued: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_EVERY_S", 0)
    monkeypatch.setattr(events, "KEEP_ALIVE_S", -1)
    seen = [State.of(queued)] * 3
    run.run(str(queued.id))
    queued.refresh_from_db()
    seen.append(State.of(queued))

    async def look(_: object) -> State:
        return seen.pop(0)

    monkeypatch.setattr(events, "_look", look)
    text = asyncio.run(collect(events._stream(queued.pk)))
    assert text.startswith("retry: ")
    assert [state["status"] for state in states(text)] == ["queued", "done"]
    assert text.count(": still here") == 3
    assert states(text)[-1]["p_fake"] == queued.p_fake


def test_it_says_that_an_analysis_was_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(_: object) -> None:
        return None

    monkeypatch.setattr(events, "_look", look)
    assert "event: deleted" in asyncio.run(collect(events._stream(None)))  # type: ignore[arg-type]


def test_it_stops_a_browser_that_knows_the_end(queued: Analysis) -> None:
    run.run(str(queued.id))
    client, address = client_of(queued.owner), f"{ROOT}/analyses/{queued.pk}/events"
    assert client.get(address, headers={"Last-Event-ID": "done"}).status_code == 204
    answer = client.get(address, headers={"Last-Event-ID": "running"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
