"""What the API itself keeps: answers that a repeated request gets again."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """The answer to a request that named an Idempotency-Key.

    Attributes:
        key: as its sender chose it.
        fingerprint: SHA-256 of what was asked.
        status, location, body: the answer; status 0 while it is being made.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    status = models.PositiveSmallIntegerField(default=0)
    location = models.CharField(max_length=255, blank=True)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="once_a_key")]

    def __str__(self) -> str:
        return self.key
