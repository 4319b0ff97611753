"""Whether this worker is to end, and what it has in hand should be handed back."""

from __future__ import annotations

import time

from django.conf import settings

_begun_s: float | None = None


def begin() -> None:
    """Note that this process is to end: what it has in hand may take `settings.DRAIN_S` more."""
    global _begun_s  # noqa: PLW0603 - a process ends once, and a signal handler has no caller
    _begun_s = time.monotonic()


def is_overdue() -> bool:
    """Whether the time for finishing is over."""
    return _begun_s is not None and time.monotonic() - _begun_s >= settings.DRAIN_S
