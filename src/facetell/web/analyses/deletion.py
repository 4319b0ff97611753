"""Deleting that really deletes: rows, videos, pictures and reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from facetell.web.analyses import artifacts
from facetell.web.analyses.leases import ended
from facetell.web.analyses.models import ENDED, Analysis, Status, Upload

UNUSED = timedelta(hours=1)
"""An upload without an analysis for so long was not meant, or there was no room in the queue."""


def cancel(analysis: Analysis) -> None:
    """Stop an analysis: at once if it waits, at the next frame if it runs."""
    rows = Analysis.objects.filter(pk=analysis.pk)
    with transaction.atomic():
        waiting = rows.filter(status=Status.QUEUED)
        if waiting.update(status=Status.CANCELLED, finished_at=timezone.now()):
            ended.send(sender=None, analysis_id=analysis.pk)
        else:
            rows.filter(status=Status.RUNNING).update(cancel_asked=True)


def delete(analysis: Analysis) -> None:
    """Delete an analysis; the video goes with the last analysis of it."""
    folder = analysis.folder
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(pk=analysis.upload_id).first()
        if upload is None:  # somebody else has just deleted it
            return
        analysis.delete()
        alone = not upload.analyses.exists()
        if alone:
            upload.delete()
    # files after the rows: what fails here is an orphan, not an analysis without its pictures
    artifacts.remove(folder)
    if alone and upload.file:
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


def delete_video_if_unneeded(analysis_id: UUID) -> None:
    """Where videos are not kept: delete that of an analysis which has ended."""
    if settings.RETENTION_DAYS:
        return
    for upload in Upload.objects.filter(analyses=analysis_id):
        _delete_video_once_ended(upload)


def delete_expired() -> int:
    """Delete what is older than the server keeps things, and uploads that nothing came of.

    Returns:
        How many analyses were deleted.
    """
    now = timezone.now()
    unused = Upload.objects.filter(created_at__lt=now - UNUSED, analyses=None)
    for upload in unused:
        delete_unused(upload)
    if not settings.RETENTION_DAYS:
        for upload in Upload.objects.exclude(file=""):
            _delete_video_once_ended(upload)
        return 0
    old = Analysis.objects.filter(finished_at__lt=now - timedelta(days=settings.RETENTION_DAYS))
    for analysis in (expired := list(old)):
        delete(analysis)
    return len(expired)


def delete_unused(upload: Upload) -> None:
    """Delete an upload unless there is an analysis of it."""
    with transaction.atomic():
        locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if locked is None or locked.analyses.exists():
            return
        locked.delete()
    if upload.file:
        default_storage.delete(upload.file)


def _delete_video_once_ended(upload: Upload) -> None:
    with transaction.atomic():
        # locked, so that nobody submits an analysis of it at this moment
        locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if locked is None or not locked.file or not locked.analyses.exists():
            return
        if locked.analyses.exclude(status__in=ENDED).exists():
            return
        Upload.objects.filter(pk=upload.pk).update(file="")
    default_storage.delete(upload.file)
