"""Cuts requests off that are larger than the server takes, before Django stores them.

Django writes a request's body to disk before it looks at it. A length that the client tells is
believed only if it is too large; what comes is counted.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class BodyLimit:
    """An ASGI application that hands requests on to another, up to a size.

    Args:
        application: what answers.
        most_bytes: the largest body.
    """

    def __init__(self, application: Application, most_bytes: int) -> None:
        self._application = application
        self._most_bytes = most_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, with status 413 if its body is too large."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif _declared(scope) > self._most_bytes:
            await self._refuse(send)
        else:
            await self._count(scope, receive, send)

    async def _count(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        come_bytes, answered = 0, False

        async def counted() -> Message:
            nonlocal come_bytes
            message = await receive()
            come_bytes += len(message.get("body", b""))
            # to Django the client has gone away: it removes what it had stored
            return {"type": "http.disconnect"} if come_bytes > self._most_bytes else message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self._application(scope, counted, noted)
        if come_bytes > self._most_bytes and not answered:
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        megabytes = self._most_bytes // 1024**2
        problem = {
            "title": "Content Too Large",
            "status": 413,
            "code": "upload_too_large",
            "detail": f"more than {megabytes} MB in one request; send a shorter stretch",
        }
        body = json.dumps(problem).encode()
        headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _declared(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
