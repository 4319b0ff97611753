"""Server-sent events: where an analysis stands, told whenever it changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from facetell.web.analyses.models import ENDED, Analysis
from facetell.web.api.analyses import READ, find
from facetell.web.api.schemas import State

router = Router(tags=["analyses"])

LOOK_EVERY_S = 0.5
KEEP_ALIVE_S = 15.0
"""Proxies cut a connection that is silent for a minute."""
LONGEST_S = 3600.0
"""Then the stream ends and the browser opens it again: nothing lives for ever."""
RETRY_MS = 2000

_EXTRA = {
    "responses": {
        200: {
            "description": "Events named `state` with a State as their data, until it has ended",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        204: {"description": "It has ended, and you know: stop asking"},
    }
}


@router.get(
    "/analyses/{uuid:analysis_id}/events",
    operation_id="watch_analysis",
    summary="Follow an analysis by server-sent events",
    response={200: None, 204: None, **READ},
    openapi_extra=_EXTRA,
)
def watch(request: HttpRequest, analysis_id: UUID) -> HttpResponseBase:
    """Send a State at once and at each change; the stream ends after the end state.

    Where streams are cut, ask GET /analyses/{id} every second or two instead.
    """
    state = State.of(find(request, analysis_id))
    # an EventSource connects again when a stream ends, until it is told 204
    if state.status in ENDED and request.headers.get("Last-Event-ID") == state.status:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    response = StreamingHttpResponse(_stream(analysis_id), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _stream(analysis_id: UUID) -> AsyncIterator[str]:
    """Yield events until the analysis has ended or is gone."""
    yield f"retry: {RETRY_MS}\n\n"
    begun_s = told_s = time.monotonic()
    last: State | None = None
    while time.monotonic() - begun_s < LONGEST_S:
        state = await _look(analysis_id)
        if state is None:
            yield "event: deleted\ndata: {}\n\n"
            return
        if state != last:
            yield f"event: state\nid: {state.status}\ndata: {state.model_dump_json()}\n\n"
            last, told_s = state, time.monotonic()
        if state.status in ENDED:
            return
        if time.monotonic() - told_s > KEEP_ALIVE_S:
            yield ": still here\n\n"
            told_s = time.monotonic()
        await asyncio.sleep(LOOK_EVERY_S)


# In the event loop's few threads, not in one for each request: a hundred watchers must not hold a
# hundred threads and connections to the database.
@sync_to_async(thread_sensitive=False)
def _look(analysis_id: UUID) -> State | None:
    close_old_connections()
    analysis = Analysis.objects.filter(pk=analysis_id).first()
    return None if analysis is None else State.of(analysis)
