"""What is stored about people beside Django's own users."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Scope(models.TextChoices):
    """What a key is good for; write includes read."""

    READ = "read"
    WRITE = "write"


class ApiKey(models.Model):
    """A key for programs, of which only the hash is kept.

    Attributes:
        prefix: the first characters of the key, to tell several apart.
        sha256: of the key, hexadecimal. A key has 256 random bits, so it needs no slow hash.
        expires_at, revoked_at: from when on it is worthless; None if it is not.
        last_used_at: to the minute.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.READ)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def usable(self) -> bool:
        """Whether it opens anything now."""
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired


class Count(models.Model):
    """Something counted for a while, where several web processes count together; see `counts`.

    Attributes:
        until_s: when the count is over, seconds since 1970.
    """

    name = models.CharField(max_length=100, primary_key=True)
    n = models.PositiveIntegerField()
    until_s = models.FloatField(db_index=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.n}"


class Invitation(models.Model):
    """Leave for one new person to make an account; see `invitations`. Accepting deletes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"by {self.by_id} until {self.expires_at:%Y-%m-%d}"
