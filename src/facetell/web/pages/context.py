"""What every page knows about this server."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

import facetell


def server(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 (Django's)
    """Return the version, and whether people have accounts and how long things are kept."""
    return {
        "version": facetell.__version__,
        "accounts": settings.ACCOUNTS,
        "retention_days": settings.RETENTION_DAYS,
    }
