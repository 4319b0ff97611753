"""What every page knows about this server."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

import facetell


def server(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 (Django's)
    """Return the version, whether people have accounts, how long things are kept and more."""
    return {
        "version": facetell.__version__,
        "accounts": settings.ACCOUNTS,
        "retention_days": settings.RETENTION_DAYS,
        "cameras": settings.LIVE_STREAMS_TOTAL > 0,
    }
