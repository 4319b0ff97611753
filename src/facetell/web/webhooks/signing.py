"""Signatures as Standard Webhooks has them: HMAC-SHA256 over id, timestamp and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
from uuid import UUID

from django.utils.crypto import salted_hmac

PREFIX = "whsec_"


def secret_of(webhook_id: UUID) -> str:
    """Return a webhook's secret: 32 bytes in base64 behind `whsec_`.

    It is derived and not stored, so that whoever reads the database can sign nothing; another
    `FACETELL_SECRET_KEY` makes other secrets.
    """
    key = salted_hmac("facetell.webhook", str(webhook_id), algorithm="sha256").digest()
    return PREFIX + base64.b64encode(key).decode()


def sign(secret: str, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the headers that prove who sent a body, and when."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = f"{message_id}.{timestamp_s}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": f"v1,{signature}",
    }
