"""An address that somebody wants to be called → a webhook."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User

from facetell.web.analyses.addresses import checked
from facetell.web.analyses.problems import Problem
from facetell.web.webhooks.models import Webhook

MOST = 10
"""Webhooks of one person."""


class TooManyWebhooks(Problem):
    """Whoever asks has as many as one may have."""

    code = "too_many_webhooks"
    status = 409


def register(owner: User, address: str) -> Webhook:
    """Make a webhook; nothing is called yet.

    Raises:
        AddressRefused: it is no address, or none of a place that this server may call.
        TooManyWebhooks: there are `MOST` already.
    """
    target = checked(address, settings.WEBHOOK_PLACES)
    if Webhook.objects.filter(owner=owner).count() >= MOST:
        raise TooManyWebhooks(f"there are {MOST} webhooks; delete one first")
    return Webhook.objects.create(owner=owner, url=str(target))
