"""Delivers what is due, beside a worker: signed, tried again with growing pauses, given up at last.

At least once: a receiver that was told and whose answer was lost is told again, under the same
`webhook-id`.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from facetell.web.outbound.client import Client, Unreachable
from facetell.web.outbound.targets import BadAddress, Target
from facetell.web.webhooks.models import Delivery, Webhook
from facetell.web.webhooks.signing import secret_of, sign

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
STEP_S, WHOLE_S = 5.0, 10.0
"""Longest wait for the next bytes, and for all of an answer."""
CLAIM = timedelta(seconds=60)
"""Whoever has not written how it went by then died over it."""
PAUSES_S = (5, 60, 300, 1800, 7200, 18000, 36000)
"""After each failure; after one more it is given up: 17 hours 45 minutes in all."""
SLOW_S, SLOW_SHARE = 1.0, 10
"""Where an answer takes longer, the webhook's other messages wait as many times as long."""
SILENT = timedelta(seconds=60)
"""Where nobody answers, the webhook's other messages wait as long: one dead receiver must not hold
up the others."""
KEPT = timedelta(days=3)
MOST_AT_ONCE = 100
_HEADERS = {"Content-Type": "application/json", "User-Agent": "facetell"}


class Courier(threading.Thread):
    """Delivers until the process ends; several do no harm."""

    def __init__(self) -> None:
        super().__init__(name="courier", daemon=True)

    def run(self) -> None:
        """Deliver for ever, whatever goes wrong."""
        while True:
            try:
                deliver_due()
            except Exception:
                logger.exception("delivering webhooks failed; trying again")
            connection.close()
            time.sleep(LOOK_EVERY_S)


def start(**_: Any) -> None:
    """Begin to deliver, where there is a place that may be told."""
    if settings.WEBHOOK_PLACES:
        Courier().start()


def forget_old(**_: Any) -> None:
    """Delete messages that nobody delivers any more, since the operator took the hosts away."""
    Delivery.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


def deliver_due() -> int:
    """Try each message that is due once; return how many were delivered."""
    delivered = 0
    due = Delivery.objects.filter(due_at__lte=timezone.now()).select_related("webhook")
    for delivery in due[:MOST_AT_ONCE]:
        if _claim(delivery):
            delivered += _try(delivery)
    return delivered


def _claim(delivery: Delivery) -> bool:
    """Take a message, unless another worker has it or it was put off meanwhile."""
    same = Delivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at)
    taken = same.update(due_at=timezone.now() + CLAIM, attempts=F("attempts") + 1)
    delivery.attempts += 1
    return bool(taken)


def _try(delivery: Delivery) -> bool:
    begun_s = time.monotonic()
    try:
        status = _post(delivery)
    except (Unreachable, BadAddress) as error:
        _put_off(delivery, str(error))
        _spare(delivery, SILENT)
        return False
    took_s = time.monotonic() - begun_s
    if took_s > SLOW_S:
        _spare(delivery, timedelta(seconds=SLOW_SHARE * took_s))
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        _note(delivery.webhook, "delivered")
        delivery.delete()
        return True
    _put_off(delivery, f"answered {status}", for_good=status == HTTPStatus.GONE)
    return False


def _post(delivery: Delivery) -> int:
    """Send it; return the status of the answer, of which nothing else is read."""
    secret = secret_of(delivery.webhook_id)
    body = delivery.body.encode()
    signed = sign(secret, f"msg_{delivery.pk.hex}", int(time.time()), body)
    target = Target.read(delivery.webhook.url)
    with _client().request("POST", target, _HEADERS | signed, body) as answer:
        return answer.status


def _client() -> Client:
    return Client(settings.WEBHOOK_PLACES, STEP_S, WHOLE_S)


def _put_off(delivery: Delivery, why: str, *, for_good: bool = False) -> None:
    """Try again later, or give up."""
    _note(delivery.webhook, why)
    if for_good or delivery.attempts > len(PAUSES_S):
        logger.warning("webhook %s: %s; message given up", delivery.webhook_id, why)
        delivery.delete()
        return
    due_at = timezone.now() + timedelta(seconds=PAUSES_S[delivery.attempts - 1])
    Delivery.objects.filter(pk=delivery.pk).update(due_at=due_at)


def _spare(silent: Delivery, pause: timedelta) -> None:
    """Let the other messages of a webhook wait that answers slowly or not at all."""
    soon = timezone.now() + pause
    others = Delivery.objects.filter(webhook=silent.webhook, due_at__lt=soon)
    others.exclude(pk=silent.pk).update(due_at=soon)


def _note(webhook: Webhook, result: str) -> None:
    rows = Webhook.objects.filter(pk=webhook.pk)
    rows.update(last_at=timezone.now(), last_result=result[:255])
