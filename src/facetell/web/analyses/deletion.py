"""Deleting that really deletes: rows, videos, pictures and reports."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from facetell.web.analyses import artifacts
from facetell.web.analyses.models import Analysis, Status, Upload


def cancel(analysis: Analysis) -> None:
    """Stop an analysis: at once if it waits, at the next frame if it runs."""
    waiting = Analysis.objects.filter(pk=analysis.pk, status=Status.QUEUED)
    if not waiting.update(status=Status.CANCELLED, finished_at=timezone.now()):
        Analysis.objects.filter(pk=analysis.pk, status=Status.RUNNING).update(cancel_asked=True)


def delete(analysis: Analysis) -> None:
    """Delete an analysis; the video goes with the last analysis of it."""
    folder = analysis.folder
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=analysis.upload_id)
        analysis.delete()
        alone = not upload.analyses.exists()
        if alone:
            upload.delete()
    # files after the rows: what fails here is an orphan, not an analysis without its pictures
    artifacts.remove(folder)
    if alone:
        default_storage.delete(upload.file)


def delete_video(upload: Upload) -> None:
    """Delete a video and keep what was found in it."""
    file = upload.file
    Upload.objects.filter(pk=upload.pk).update(file="")
    if file:
        default_storage.delete(file)


def deleted_at(analysis: Analysis) -> datetime | None:
    """Return when the server deletes an analysis by itself; None if it does not, or not yet."""
    if not settings.RETENTION_DAYS or analysis.finished_at is None:
        return None
    return analysis.finished_at + timedelta(days=settings.RETENTION_DAYS)


def delete_expired() -> int:
    """Delete what is older than the server keeps things; return how many analyses went."""
    if not settings.RETENTION_DAYS:
        return 0
    before = timezone.now() - timedelta(days=settings.RETENTION_DAYS)
    old = list(Analysis.objects.filter(finished_at__lt=before))
    for analysis in old:
        delete(analysis)
    return len(old)
