"""What a worker calls itself in the rows that it writes."""

from __future__ import annotations

import os
import platform


def worker_name() -> str:
    """Return host and process, at most 64 characters."""
    return f"{platform.node()[:48]}:{os.getpid()}"
