"""An analysis that has ended → a message for each webhook of its owner."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from facetell.web.analyses.models import ENDED, Analysis, Batch
from facetell.web.webhooks.models import Delivery, Webhook


def announce(*, analysis_id: UUID, **_: Any) -> None:
    """Write what is to be told, in the transaction that ends the analysis: both are, or neither."""
    if not settings.WEBHOOK_PLACES:
        return
    webhooks = list(Webhook.objects.filter(owner__analysis=analysis_id))
    if not webhooks:
        return
    analysis = Analysis.objects.select_related("upload").get(pk=analysis_id)
    body = json.dumps(message(analysis), ensure_ascii=False, separators=(",", ":"))
    now = timezone.now()
    Delivery.objects.bulk_create(
        Delivery(webhook=webhook, analysis=analysis, body=body, due_at=now) for webhook in webhooks
    )


def message(analysis: Analysis) -> dict[str, Any]:
    """Return what is told of an analysis that has ended."""
    error = {"code": analysis.error_code, "message": analysis.error_message}
    data = {
        "id": str(analysis.pk),
        "status": analysis.status,
        "label": analysis.label or None,
        "p_fake": analysis.p_fake,
        "error": error if analysis.error_code else None,
        "file": {"name": analysis.upload.name, "sha256": analysis.upload.sha256 or None},
        "batch": _batch(analysis.batch_id) if analysis.batch_id else None,
    }
    ended_at = analysis.finished_at or timezone.now()
    return {"type": "analysis.ended", "timestamp": ended_at.isoformat(), "data": data}


def _batch(batch_id: UUID) -> dict[str, Any]:
    """How far a batch is.

    The row is locked, so that of two analyses that end at the same time the second sees the first:
    else both could say that one is missing.
    """
    # no_key: analyses may be added to it meanwhile
    Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
    rows = Analysis.objects.filter(batch=batch_id)
    ended = rows.filter(status__in=ENDED).count()
    return {"id": str(batch_id), "count": rows.count(), "ended": ended}
