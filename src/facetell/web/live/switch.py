"""Hands WebSockets to one ASGI application and everything else to another."""

from __future__ import annotations

from typing import Any

from facetell.web.body_limit import Application, Receive, Send
from facetell.web.live.streams import LiveStreams


class Switch:
    """An ASGI application made of two.

    Args:
        pages: what answers requests.
        streams: what answers WebSockets.
    """

    def __init__(self, pages: Application, streams: LiveStreams) -> None:
        self._pages, self._streams = pages, streams

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "websocket":
            await self._streams(scope, receive, send)
        else:
            await self._pages(scope, receive, send)
