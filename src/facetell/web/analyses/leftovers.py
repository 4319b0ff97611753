"""Files that no row names: what a process leaves that is killed while it writes."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from facetell.web.analyses import artifacts
from facetell.web.analyses.models import Analysis, Upload

logger = logging.getLogger(__name__)

UNTOUCHED = timedelta(hours=1)
"""What was written to lately may still get its row."""
UPLOADING = timedelta(days=1)
"""The longest that sending one file may take."""


def remove_leftovers() -> int:
    """Remove half uploads, folders of analyses that are gone and temporary files.

    Returns:
        How many there were.
    """
    removed = _remove_uploads() + _remove_analyses() + _remove_incoming()
    if removed:
        logger.info("removed %d files and folders that belong to nothing", removed)
    return removed


def _remove_uploads() -> int:
    known = set(Upload.objects.values_list("file", flat=True))
    orphans = [f"uploads/{name}" for name in _listed("uploads", files=True)]
    return _each(default_storage.delete, [o for o in orphans if o not in known and _is_old(o)])


def _remove_analyses() -> int:
    known = set(Analysis.objects.values_list("pk", flat=True))
    gone = [name for name in _listed("analyses", files=False) if _uuid(name) not in known]
    orphans = [f"analyses/{name}" for name in gone]
    return _each(artifacts.remove, [o for o in orphans if _is_old(o)])


def _remove_incoming() -> int:
    """Files of requests under way, of Django's making."""
    before_s = time.time() - UPLOADING.total_seconds()
    removed = 0
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*"):
        with contextlib.suppress(OSError):  # its request has just ended
            if path.stat().st_mtime < before_s:
                path.unlink()
                removed += 1
    return removed


def _listed(folder: str, *, files: bool) -> list[str]:
    if not default_storage.exists(folder):
        return []
    return default_storage.listdir(folder)[1 if files else 0]


def _is_old(name: str) -> bool:
    try:
        return timezone.now() - default_storage.get_modified_time(name) > UNTOUCHED
    except FileNotFoundError:  # deleted meanwhile
        return False


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _each(remove: Callable[[str], None], names: list[str]) -> int:
    for name in names:
        remove(name)
    return len(names)
