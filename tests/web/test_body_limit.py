from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator

from facetell.web.body_limit import BodyLimit, Receive, Send

seen: list[str] = []


async def echo(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Answer with the length of the body, as Django reads it: to its end, or to a disconnect."""
    length = 0
    while True:
        message = await receive()
        seen.append(message["type"])
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


@async_to_sync
async def ask(pieces: list[bytes], told: bytes | None = None) -> tuple[int, bytes]:
    headers = [(b"content-length", told)] if told is not None else []
    application = BodyLimit(echo, 10)
    asked: Any = ApplicationCommunicator(application, {"type": "http", "headers": headers})  # type: ignore[no-untyped-call]
    for number, piece in enumerate(pieces, 1):
        more = number < len(pieces)
        await asked.send_input({"type": "http.request", "body": piece, "more_body": more})
    start, body = await asked.receive_output(), await asked.receive_output()
    return start["status"], body["body"]


@pytest.mark.parametrize("told", [None, b"10", b"3", b"nonsense"])
def test_it_lets_through_what_is_small_enough(told: bytes | None) -> None:
    assert ask([b"12345", b"67890"], told) == (200, b"10")


def test_it_refuses_a_length_that_is_told() -> None:
    seen.clear()
    status, body = ask([b""], b"11")
    assert (status, seen) == (413, [])
    assert b"upload_too_large" in body


@pytest.mark.parametrize("told", [None, b"3"])
def test_it_cuts_off_a_body_that_is_longer_than_told(told: bytes | None) -> None:
    seen.clear()
    status, _ = ask([b"12345", b"67890", b"1", b"2"], told)
    assert status == 413
    assert seen == ["http.request", "http.request", "http.disconnect"], "the fourth is never read"
