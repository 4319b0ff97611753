"""The WebSocket of the live page: a ticket, then picture after picture, each with its answer.

A message is eight bytes of milliseconds (float64, little-endian, by the browser's clock) and a JPEG
or WebP. Its answer is what `facetell watch --json` prints of a frame. Nothing is stored.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from facetell.web.live.engine import EngineLost, EngineProcess
from facetell.web.live.tickets import read_ticket

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = "/live/stream/"
MAX_MESSAGE_BYTES = 512 * 1024
MAX_RATE_HZ = 15.0
"""Pictures a second that are analysed of one stream; more are answered as skipped."""
FLOOD_HZ = 60.0
"""Whoever sends more is cut off."""
TICKET_S = 10.0
SILENCE_S = 30.0
LONGEST_S = 3600.0
"""Then the page opens another stream, with another ticket: nobody who signed out looks for ever."""

_STAMP = struct.Struct("<d")
_POLICY, _TOO_BIG, _TRY_LATER, _BROKEN = 1008, 1009, 1013, 1011


class _Closing(Exception):
    """The stream ends: a code of RFC 6455 and a word that the page understands."""

    def __init__(self, code: int, word: str) -> None:
        super().__init__(word)
        self.code, self.word = code, word


class LiveStreams:
    """An ASGI application for the WebSockets of one server."""

    def __init__(self) -> None:
        self._engine: EngineProcess | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._of_user: Counter[int] = Counter()
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one WebSocket from its handshake to its end."""
        await receive()  # websocket.connect
        if scope["path"] != PATH or not is_own_page(scope):
            await send({"type": "websocket.close", "code": _POLICY})
            return
        await send({"type": "websocket.accept"})
        try:
            await self._follow(receive, send)
        except _Closing as end:
            await send({"type": "websocket.close", "code": end.code, "reason": end.word})

    async def _follow(self, receive: Receive, send: Send) -> None:
        user_id = await _ticket(receive)
        if user_id is None:
            return
        if self._of_user[user_id] >= settings.LIVE_STREAMS:
            raise _Closing(_TRY_LATER, "too_many_of_yours")
        if self._of_user.total() >= settings.LIVE_STREAMS_TOTAL:
            raise _Closing(_TRY_LATER, "too_many")
        number, engine = next(self._numbers), self._engine_here()
        self._of_user[user_id] += 1
        engine.open(number)
        try:
            await _Stream(number, engine, receive, send).run()
        finally:
            self._of_user[user_id] -= 1
            engine.close(number)

    def _engine_here(self) -> EngineProcess:
        """Return the engine of this event loop."""
        loop = asyncio.get_running_loop()
        if self._engine is None or self._loop is not loop:
            self._engine = EngineProcess(settings.LIVE_MODEL, settings.LIVE_THREADS)
            self._loop = loop
        return self._engine


class _Stream:
    """One stream after its ticket: pictures in, answers out."""

    def __init__(self, number: int, engine: EngineProcess, receive: Receive, send: Send) -> None:
        self._number, self._engine = number, engine
        self._receive, self._send = receive, send
        self._allowance = MAX_RATE_HZ
        self._arrivals = FLOOD_HZ
        self._refilled_s = time.monotonic()
        self._last_s = -math.inf

    async def run(self) -> None:
        until_s = time.monotonic() + LONGEST_S
        while time.monotonic() < until_s:
            message = await _next(self._receive, SILENCE_S)
            if message is None:
                return
            await self._tell(await self._answer(message))
        raise _Closing(1000, "again")

    async def _answer(self, message: bytes | str) -> dict[str, Any]:
        if isinstance(message, str) or len(message) <= _STAMP.size:
            raise _Closing(_POLICY, "bad_message")
        if len(message) > MAX_MESSAGE_BYTES:
            raise _Closing(_TOO_BIG, "too_big")
        if not self._may_go_on():
            return {"skipped": True}
        (stamp_ms,) = _STAMP.unpack_from(message)
        time_s = stamp_ms / 1000
        if not (math.isfinite(time_s) and time_s > self._last_s):
            raise _Closing(_POLICY, "bad_message")
        if time_s - self._last_s < 0.5 / MAX_RATE_HZ:  # what is remembered is bounded by this clock
            return {"skipped": True}
        self._last_s = time_s
        try:
            return await self._engine.ask(self._number, time_s, message[_STAMP.size :])
        except EngineLost:
            raise _Closing(_BROKEN, "broken") from None

    def _may_go_on(self) -> bool:
        """Take one from each of two buckets, which fill with time; an empty one ends or skips."""
        now_s = time.monotonic()
        passed_s, self._refilled_s = now_s - self._refilled_s, now_s
        self._arrivals = min(FLOOD_HZ, self._arrivals + passed_s * FLOOD_HZ) - 1
        self._allowance = min(MAX_RATE_HZ, self._allowance + passed_s * MAX_RATE_HZ)
        if self._arrivals < 0:
            raise _Closing(_POLICY, "too_fast")
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    async def _tell(self, answer: dict[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": json.dumps(answer)})


async def _ticket(receive: Receive) -> int | None:
    """Return the user of the ticket that comes first; None if the page went away."""
    message = await _next(receive, TICKET_S)
    if message is None:
        return None
    try:
        said = json.loads(message) if isinstance(message, str) and len(message) < 4096 else None
    except ValueError:
        said = None
    user_id = read_ticket(said.get("ticket")) if isinstance(said, dict) else None
    if user_id is None:
        raise _Closing(_POLICY, "no_ticket")
    return user_id


async def _next(receive: Receive, patience_s: float) -> bytes | str | None:
    """Return the next message; None if the page went away or says nothing."""
    try:
        async with asyncio.timeout(patience_s):
            event = await receive()
    except TimeoutError:
        raise _Closing(_POLICY, "silent") from None
    if event["type"] != "websocket.receive":
        return None
    data = event.get("bytes")
    return data if data is not None else str(event.get("text", ""))


def is_own_page(scope: Message) -> bool:
    """Tell whether a WebSocket was opened by a page of this very server, under an allowed name."""
    headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
    host = headers.get(b"host", b"").decode("latin-1").lower()
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    if origin in map(str.lower, settings.CSRF_TRUSTED_ORIGINS):
        return True
    parts = urlsplit(origin)
    return parts.scheme in {"http", "https"} and _with_port(
        parts.netloc, parts.scheme
    ) == _with_port(host, parts.scheme)


def _with_port(place: str, scheme: str) -> str:
    domain, port = split_domain_port(place)
    return f"{domain}:{port or {'http': '80', 'https': '443'}[scheme]}"
