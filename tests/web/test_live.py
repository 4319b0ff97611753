"""The live page and its WebSocket: who may open one, what it takes, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from facetell.errors import CorruptMedia, FacetellError, MediaTooLarge, NotMedia
from facetell.live.engine import Engine, picture_of
from facetell.options import Options
from facetell.web.live import streams, tickets
from facetell.web.live.engine import EngineLost, EngineProcess
from facetell.web.live.streams import LiveStreams, Message, is_own_page
from tests.portraits import first_frame

OWN = {"host": "localhost:8000", "origin": "http://localhost:8000"}


def jpeg(rgb: np.ndarray[Any, Any], kind: str = ".jpg") -> bytes:
    done, data = cv2.imencode(kind, rgb)
    assert done
    return data.tobytes()


GREY = np.full((48, 64, 3), 120, np.uint8)


class FakeEngine:
    """Answers at once, and remembers what it was asked."""

    def __init__(self, *_: object) -> None:
        self.asked: list[tuple[int, float, bytes]] = []
        self.streams: set[int] = set()

    def open(self, stream: int) -> None:
        self.streams.add(stream)

    def close(self, stream: int) -> None:
        self.streams.discard(stream)

    async def ask(self, stream: int, time_s: float, picture: bytes) -> dict[str, Any]:
        self.asked.append((stream, time_s, picture))
        return {"frame": len(self.asked)}


class Page:
    """A browser's end of a WebSocket, without the network."""

    def __init__(
        self, served: LiveStreams, headers: dict[str, str] = OWN, path: str = streams.PATH
    ):
        self._served, self._headers, self._path = served, headers, path
        self._to: asyncio.Queue[Message] = asyncio.Queue()
        self._fro: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> Page:
        scope = {
            "type": "websocket",
            "path": self._path,
            "headers": [(k.encode(), v.encode()) for k, v in self._headers.items()],
        }
        self._to.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._served(scope, self._to.get, self._fro.put))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._to.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._task, 10)

    async def hear(self) -> Message:
        return await asyncio.wait_for(self._fro.get(), 10)

    async def open(self, user_id: int = 1) -> None:
        assert (await self.hear())["type"] == "websocket.accept"
        self.say(text=json.dumps({"ticket": tickets.make_ticket(user_id)}))

    def say(self, **message: object) -> None:
        self._to.put_nowait({"type": "websocket.receive", **message})

    def send(self, time_ms: float, picture: bytes = jpeg(GREY)) -> None:
        self.say(bytes=struct.pack("<d", time_ms) + picture)

    async def answer(self) -> dict[str, Any]:
        heard = await self.hear()
        assert heard["type"] == "websocket.send", heard
        answer: dict[str, Any] = json.loads(heard["text"])
        return answer

    async def end(self) -> tuple[int, str]:
        while (heard := await self.hear())["type"] != "websocket.close":
            pass
        return heard["code"], heard.get("reason", "")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> LiveStreams:
    monkeypatch.setattr(streams, "EngineProcess", FakeEngine)
    return LiveStreams()


def play(story: Callable[[], Any]) -> None:
    asyncio.run(story())


# Who may ------------------------------------------------------------------------------------


def test_the_page_alone_may_ask_for_the_camera(client: Client, db: None) -> None:
    page, other = client.get("/live/"), client.get("/")
    assert "camera=(self)" in page.headers["Permissions-Policy"]
    assert "microphone=()" in page.headers["Permissions-Policy"]
    assert "camera=()" in other.headers["Permissions-Policy"]
    assert page.headers["Content-Security-Policy"] == other.headers["Content-Security-Policy"]
    assert b'"step_ms": 100' in page.content


def test_a_ticket_is_given_to_whoever_may_see_the_page(
    client: Client, db: None, settings: Any, ada: User
) -> None:
    ticket = client.post("/live/ticket/").json()["ticket"]
    assert tickets.read_ticket(ticket) == User.objects.get(username="me").pk
    assert Client(enforce_csrf_checks=True).post("/live/ticket/").status_code == 403
    assert client.get("/live/ticket/").status_code == 302
    settings.ACCOUNTS = True
    assert client.post("/live/ticket/").headers["Location"].startswith("/account/")
    client.force_login(ada)
    assert tickets.read_ticket(client.post("/live/ticket/").json()["ticket"]) == ada.pk


def test_a_stranger_becomes_a_guest_with_the_first_ticket(
    client: Client, db: None, settings: Any
) -> None:
    settings.ACCOUNTS = settings.GUESTS = True
    assert client.get("/live/").status_code == 200
    assert not User.objects.exists()
    guest = tickets.read_ticket(client.post("/live/ticket/").json()["ticket"])
    assert guest == User.objects.get().pk


def test_an_operator_can_do_without_the_page(client: Client, db: None, settings: Any) -> None:
    assert b'href="/live/"' in client.get("/").content
    settings.LIVE_STREAMS_TOTAL = 0
    assert b'href="/live/"' not in client.get("/").content
    assert client.get("/live/").status_code == 404


@pytest.mark.parametrize("forged", [None, 7, "", "abc", "1:abc:def", {"a": 1}])
def test_a_forged_ticket_is_none(forged: object) -> None:
    assert tickets.read_ticket(forged) is None


def test_a_ticket_is_good_for_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = tickets.make_ticket(5)
    assert tickets.read_ticket(ticket) == 5
    monkeypatch.setattr(tickets, "GOOD_FOR_S", -1)
    assert tickets.read_ticket(ticket) is None


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        (OWN, True),
        ({"host": "localhost", "origin": "http://localhost"}, True),
        ({"host": "localhost", "origin": "http://localhost:80"}, True),
        ({"host": "localhost:8000", "origin": "http://evil.example"}, False),
        ({"host": "localhost:8000", "origin": "http://localhost:9000"}, False),
        ({"host": "localhost:8000", "origin": "null"}, False),
        ({"host": "localhost:8000"}, False),
        ({"host": "evil.example", "origin": "http://evil.example"}, False),
        ({"origin": "http://localhost:8000"}, False),
    ],
)
def test_only_a_page_of_this_server_opens_a_stream(headers: dict[str, str], own: bool) -> None:
    scope = {"headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    assert is_own_page(scope) == own


def test_a_stranger_is_refused_before_the_handshake(served: LiveStreams) -> None:
    async def story() -> None:
        for headers, path in ((OWN | {"origin": "http://a.example"}, streams.PATH), (OWN, "/x/")):
            async with Page(served, headers, path) as page:
                assert (await page.hear())["type"] == "websocket.close"

    play(story)


@pytest.mark.parametrize("first", [{"text": "{}"}, {"text": "no"}, {"bytes": b"\0" * 99}])
def test_without_a_ticket_it_ends(served: LiveStreams, first: dict[str, object]) -> None:
    async def story() -> None:
        async with Page(served) as page:
            page.say(**first)
            assert await page.end() == (1008, "no_ticket")

    play(story)


# What it takes ------------------------------------------------------------------------------


def test_pictures_are_answered_in_turn(served: LiveStreams) -> None:
    async def story() -> None:
        async with Page(served) as page:
            await page.open()
            for number in (1, 2, 3):
                page.send(100.0 * number)
            assert [(await page.answer())["frame"] for _ in range(3)] == [1, 2, 3]
            engine: Any = served._engine
            assert [time_s for _, time_s, _ in engine.asked] == pytest.approx([0.1, 0.2, 0.3])
            assert engine.asked[0][2] == jpeg(GREY)
        assert engine.streams == set()

    play(story)


def test_each_user_has_so_many_streams_and_the_server_too(
    served: LiveStreams, settings: Any
) -> None:
    settings.LIVE_STREAMS, settings.LIVE_STREAMS_TOTAL = 1, 2

    async def story() -> None:
        async with Page(served) as first, Page(served) as second:
            await first.open(1)
            first.send(1)
            await first.answer()
            await second.open(2)
            second.send(1)
            await second.answer()
            for user_id, word in ((1, "too_many_of_yours"), (3, "too_many")):
                async with Page(served) as third:
                    await third.open(user_id)
                    assert await third.end() == (1013, word)
        async with Page(served) as again:  # who has left makes room
            await again.open(1)
            again.send(1)
            await again.answer()

    play(story)


def test_too_many_pictures_are_skipped_and_a_flood_is_cut_off(served: LiveStreams) -> None:
    async def story() -> None:
        async with Page(served) as page:
            await page.open()
            for number in range(40):
                page.send(100.0 * (1 + number))
            answers = [await page.answer() for _ in range(40)]
            skipped = sum("skipped" in answer for answer in answers)
            assert 20 <= skipped <= 25
        async with Page(served) as page:
            await page.open()
            for number in range(200):
                page.send(1.0 + number)
            assert await page.end() == (1008, "too_fast")

    play(story)


def test_a_clock_that_creeps_is_not_followed(served: LiveStreams) -> None:
    async def story() -> None:
        async with Page(served) as page:
            await page.open()
            for stamp_ms in (100.0, 100.001, 200.0):
                page.send(stamp_ms)
            assert ["skipped" in await page.answer() for _ in range(3)] == [False, True, False]

    play(story)


@pytest.mark.parametrize(
    ("messages", "end"),
    [
        ([{"text": "hello"}], (1008, "bad_message")),
        ([{"bytes": b"short"}], (1008, "bad_message")),
        ([{"bytes": b"\0" * (streams.MAX_MESSAGE_BYTES + 1)}], (1009, "too_big")),
        ([{"bytes": struct.pack("<d", float("nan")) + b"x"}], (1008, "bad_message")),
        ([{"bytes": struct.pack("<d", 5.0) + b"x"}] * 2, (1008, "bad_message")),
    ],
)
def test_what_makes_no_sense_ends_the_stream(
    served: LiveStreams, messages: list[dict[str, object]], end: tuple[int, str]
) -> None:
    async def story() -> None:
        async with Page(served) as page:
            await page.open()
            for message in messages:
                page.say(**message)
            assert await page.end() == end

    play(story)


def test_silence_ends_it(served: LiveStreams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SILENCE_S", 0.05)

    async def story() -> None:
        async with Page(served) as page:
            await page.open()
            assert await page.end() == (1008, "silent")

    play(story)


# The engine ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [".jpg", ".webp"])
def test_a_picture_is_decoded(kind: str) -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 2] = 230  # BGR
    rgb = picture_of(jpeg(red, kind))
    assert rgb.shape == (48, 64, 3)
    assert rgb[..., 0].mean() > 200 > 60 > rgb[..., 2].mean()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (jpeg(GREY, ".png"), NotMedia),
        (b"<svg/>" * 50, NotMedia),
        (b"", NotMedia),
        (jpeg(np.zeros((1100, 2000, 3), np.uint8)), MediaTooLarge),
        (jpeg(GREY)[:-2] + 101 * b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00", MediaTooLarge),
        (jpeg(GREY)[:60], CorruptMedia),
        (b"\xff\xd8\xff" + b"\0" * 100, CorruptMedia),
    ],
)
def test_other_pictures_are_refused(data: bytes, error: type[FacetellError]) -> None:
    with pytest.raises(error):
        picture_of(data)


def test_an_engine_follows_streams_apart(tiny_card_path: Path) -> None:
    engine, face = Engine(Options(model=tiny_card_path, threads=1)), jpeg(first_frame()[..., ::-1])
    for time_s in (0.0, 0.1):
        answer = engine.answer(1, time_s, face)
    assert (answer["frame"], len(answer["faces"]), answer["width"]) == (1, 1, 512)
    assert engine.answer(2, 0.1, face)["frame"] == 0
    assert engine.answer(1, 0.2, b"junk" * 9)["error"] == "not_media"
    assert engine.answer(1, 0.2, b"") == {}
    assert engine.answer(1, 0.0, face)["frame"] == 0  # begun anew


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_the_process_is_started_lost_started_again_and_ended(
    tiny_card_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facetell.web.live.engine.IDLE_S", 0.1)
    monkeypatch.setenv("FACETELL_SECRET_KEY", "hush")

    async def story() -> None:
        engine, picture = EngineProcess(str(tiny_card_path), 1), jpeg(GREY)
        engine.open(1)
        assert engine.pid is None
        assert (await engine.ask(1, 0.1, picture))["faces"] == []
        first = engine.pid
        assert first
        if sys.platform == "linux":
            assert b"FACETELL_SECRET_KEY" not in Path(f"/proc/{first}/environ").read_bytes()
        os.kill(first, signal.SIGSTOP)
        question = asyncio.create_task(engine.ask(1, 0.2, picture))
        await asyncio.sleep(0.05)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(EngineLost):
            await question
        assert (await engine.ask(1, 0.3, picture))["frame"] == 0
        assert engine.pid not in {None, first}
        engine.close(1)
        for _ in range(200):
            await asyncio.sleep(0.1)
            if engine.pid is None:
                break
        assert engine.pid is None

    play(story)
