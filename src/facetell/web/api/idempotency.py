"""Idempotency-Key: a request that is sent again, because its answer was lost, is done once.

As in draft-ietf-httpapi-idempotency-key-header: the key is the sender's; the same key with another
body is a mistake. Refusals are not kept: who was told to come again later may do so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from ninja import UploadedFile

from facetell.web.analyses.problems import Problem
from facetell.web.api.models import KeptAnswer

KEPT = timedelta(hours=24)
LONGEST_WORK = timedelta(minutes=30)
"""Whoever has not answered by then died over it."""


class KeyReused(Problem):
    """The key belongs to another request."""

    code = "idempotency_key_reused"
    status = 422


class StillWorking(Problem):
    """The first request with this key has not been answered yet."""

    code = "still_working"
    status = 409


def once(
    owner: User, key: str | None, fingerprint: str, act: Callable[[], HttpResponse]
) -> HttpResponse:
    """Do what is asked, or give the answer that this key got before.

    Args:
        owner: whose key it is; others may use the same.
        key: None to do it anyway.
        fingerprint: see `fingerprint_of`.
        act: does it.

    Raises:
        KeyReused: the key came with something else before.
        StillWorking: the same is being done at this moment.
    """
    if key is None:
        return act()
    row = _claim(owner, key, fingerprint)
    if row.status:
        return _again(row)
    try:
        response = act()
    except BaseException:
        row.delete()
        raise
    row.status = response.status_code
    row.location = response.get("Location", "")
    row.body = response.content.decode()
    row.save()
    return response


def fingerprint_of(fields: Mapping[str, object], *files: UploadedFile) -> str:
    """Return the SHA-256 of a form and its files."""
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode())
    for file in files:
        content = hashlib.sha256()
        for chunk in file.chunks():
            content.update(chunk)
        digest.update(f"{file.name}\0{content.hexdigest()}\n".encode())
    return digest.hexdigest()


def _claim(owner: User, key: str, fingerprint: str) -> KeptAnswer:
    now = timezone.now()
    KeptAnswer.objects.filter(created_at__lt=now - KEPT).delete()
    KeptAnswer.objects.filter(status=0, created_at__lt=now - LONGEST_WORK).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(owner=owner, key=key, fingerprint=fingerprint)
    except IntegrityError:
        row = KeptAnswer.objects.filter(owner=owner, key=key).first()
    if row is not None and row.fingerprint != fingerprint:
        raise KeyReused("this Idempotency-Key came with another request; take a new one")
    if row is None or not row.status:
        raise StillWorking("the first request with this Idempotency-Key is not answered yet")
    return row


def _again(row: KeptAnswer) -> HttpResponse:
    response = HttpResponse(row.body, status=row.status, content_type="application/json")
    response["Location"] = row.location
    response["Idempotent-Replayed"] = "true"
    response["Cache-Control"] = "no-store"
    return response
