"""API keys: made, listed, revoked and recognized. The account page and `apikey` call this."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from facetell.web.accounts.models import ApiKey, Scope

MARK = "ftk_"
"""How each key begins, so that scanners for leaked secrets can find one."""
SHOWN = len(MARK) + 6
NOTED_EVERY = timedelta(minutes=1)
"""The last use is written so often at most: a busy key must not write at each request."""


def make_key(
    owner: User, name: str, scope: Scope = Scope.READ, days: int | None = None
) -> tuple[ApiKey, str]:
    """Make a key.

    Args:
        owner: whose analyses it opens.
        name: for people to tell it from others.
        scope: what it is good for.
        days: how long it is good; None for ever.

    Returns:
        The row, and the key itself, which nobody can show again.
    """
    secret = MARK + secrets.token_urlsafe(32)  # 32 bytes are 256 bits
    key = ApiKey.objects.create(
        owner=owner,
        name=name.strip()[:100] or "unnamed",
        prefix=secret[:SHOWN],
        sha256=_hash(secret),
        scope=scope,
        expires_at=None if days is None else timezone.now() + timedelta(days=days),
    )
    return key, secret


def list_keys(owner: User) -> QuerySet[ApiKey]:
    """Somebody's keys, the newest first; revoked and expired ones too."""
    return ApiKey.objects.filter(owner=owner)


def revoke_key(owner: User, key_id: int) -> bool:
    """Make a key worthless at once; return whether its owner had such a key in use."""
    keys = ApiKey.objects.filter(owner=owner, pk=key_id, revoked_at=None)
    return bool(keys.update(revoked_at=timezone.now()))


def recognize(secret: str) -> ApiKey | None:
    """Return the usable key that somebody showed, with its owner; None if there is none.

    It is found by its hash, so how long that takes tells nothing about other keys.
    """
    if not secret.startswith(MARK):
        return None
    key = ApiKey.objects.select_related("owner").filter(sha256=_hash(secret)).first()
    if key is None or not key.usable or not key.owner.is_active:
        return None
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
