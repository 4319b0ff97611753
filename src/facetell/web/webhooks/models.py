"""What is stored: who wants to be told, and what they have not been told yet."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from facetell.web.analyses.models import Analysis
from facetell.web.outbound.targets import LONGEST


class Webhook(models.Model):
    """An address that is told when an analysis of its owner's ends.

    Its secret is nowhere here: it is made of this row's id and the server's own key.

    Attributes:
        last_at, last_result: the last attempt to tell it something, and what came of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    url = models.CharField(max_length=LONGEST)
    last_at = models.DateTimeField(null=True, blank=True)
    last_result = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """A message that is still to be delivered; the row goes when it is, or is given up.

    Attributes:
        analysis: what it is about; deleted with it.
        body: JSON, the same at each attempt.
        due_at: when it is tried next. Whoever tries it moves this into the future first, so that no
            other does, and somebody does if they die over it.
        attempts: begun so far.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    body = models.TextField()
    due_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["due_at"]

    def __str__(self) -> str:
        return f"{self.analysis_id} to {self.webhook_id}"
