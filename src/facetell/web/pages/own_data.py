"""Everything that is kept of somebody → one zip, sent while it is written.

The videos themselves are left out: whoever sent them has them, and each can be saved from its page.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from facetell.web.analyses.models import Analysis, Upload
from facetell.web.webhooks.models import Webhook

_UPLOAD = ("id", "created_at", "name", "sha256", "size_bytes")
_WEBHOOK = ("id", "created_at", "url", "last_at", "last_result")
_ANALYSIS = (
    *("id", "upload_id", "batch_id", "created_at", "finished_at", "frames", "model", "start_s"),
    *("end_s", "status", "label", "p_fake", "error_code", "error_message"),
)


@login_required
@require_safe
def own_data(request: HttpRequest) -> StreamingHttpResponse:
    """Send what is kept: data.json, and for each analysis its reports and pictures."""
    pieces = _zipped(_document(cast(User, request.user)))
    body = _handed_on(pieces) if isinstance(request, ASGIRequest) else pieces
    headers = {
        "Content-Disposition": 'attachment; filename="facetell-data.zip"',
        "Cache-Control": "private, no-store",
    }
    return StreamingHttpResponse(body, content_type="application/zip", headers=headers)


def _document(user: User) -> dict[str, Any]:
    person = {
        "name": user.username,
        "email": user.email,
        "joined": user.date_joined,
        "last_sign_in": user.last_login,
    }
    keys = user.api_keys.values("name", "prefix", "scope", "created_at", "last_used_at")
    return {
        "person": person,
        "api_keys": list(keys),
        "webhooks": list(Webhook.objects.filter(owner_id=user.pk).values(*_WEBHOOK)),
        "uploads": list(Upload.objects.filter(owner_id=user.pk).values(*_UPLOAD)),
        "analyses": list(Analysis.objects.filter(owner_id=user.pk).values(*_ANALYSIS)),
    }


class _Sink:
    """A file without end, of which one takes what was written."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def _zipped(document: dict[str, Any]) -> Iterator[bytes]:
    """Yield the zip in pieces; asks the database nothing, so that any thread may run it."""
    sink = _Sink()
    with ZipFile(cast(Any, sink), "w", ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(document, default=str, indent=2))
        yield sink.take()
        for analysis in document["analyses"]:
            for path in _files(f"analyses/{analysis['id']}"):
                try:
                    with default_storage.open(path) as file:
                        archive.writestr(path, file.read())
                except FileNotFoundError:  # deleted at this very moment
                    continue
                yield sink.take()
    yield sink.take()


def _files(folder: str) -> Iterator[str]:
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    yield from (f"{folder}/{file}" for file in sorted(files))
    for inner in sorted(folders):
        yield from _files(f"{folder}/{inner}")


async def _handed_on(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
