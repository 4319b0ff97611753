"""An upload and settings → a queued analysis, or the one that answers it already."""

from __future__ import annotations

from typing import Any

from django.conf import settings as server
from django.contrib.auth.models import User
from django.db import transaction

from facetell.web.analyses.choices import Settings
from facetell.web.analyses.models import ASKED, Analysis, Batch, Status, Upload
from facetell.web.analyses.problems import QueueFull, VideoDeleted
from facetell.web.analyses.tasks import analyze
from facetell.wording import Sentence

INTERACTIVE, IN_BATCH = 10, 0
"""Priorities: somebody waits for the one, nobody for the other."""


def submit(
    owner: User, upload: Upload, settings: Settings, batch: Batch | None = None
) -> tuple[Analysis, bool]:
    """Queue an analysis.

    What the same owner asked of the same file with the same settings before is not done twice,
    unless it failed or was cancelled, or belongs to another batch.

    Returns:
        The analysis, and whether it is new.

    Raises:
        QueueFull: `MAX_QUEUED` analyses are waiting.
        VideoDeleted: nothing is left of the upload but its hash.
    """
    with transaction.atomic():
        # the row is locked so that two equal requests at once make one analysis
        upload = Upload.objects.select_for_update().get(pk=upload.pk, owner=owner)
        if earlier := _earlier(upload, settings, batch):
            return earlier, False
        if not (upload.file or upload.url):
            raise VideoDeleted(
                Sentence("{name}: the video was deleted; send it again", name=upload.name)
            )
        _check_queue()
        analysis = Analysis.objects.create(
            owner=owner,
            upload=upload,
            batch=batch,
            **_fields(settings),
            priority=IN_BATCH if batch else INTERACTIVE,
        )
        enqueue(analysis)
    return analysis, True


def settings_of(analysis: Analysis) -> Settings:
    """Return how an analysis was asked for."""
    return Settings(
        frames=analysis.frames,
        model=analysis.model,
        start_s=analysis.start_s,
        end_s=analysis.end_s,
        face=analysis.face,
    )


def enqueue(analysis: Analysis) -> None:
    """Give a queued analysis to the task engine; part of the caller's transaction."""
    task = analyze.using(priority=analysis.priority).enqueue(str(analysis.id))
    Analysis.objects.filter(pk=analysis.pk).update(task=task.id)


def _earlier(upload: Upload, settings: Settings, batch: Batch | None) -> Analysis | None:
    return (
        upload.analyses.filter(
            **_fields(settings),
            batch=batch,
            status__in=[Status.QUEUED, Status.RUNNING, Status.DONE],
            cancel_asked=False,
        )
        .order_by("-created_at")
        .first()
    )


def _fields(settings: Settings) -> dict[str, Any]:
    """The columns of `ASKED`, in its order."""
    how = (settings.frames, settings.model, settings.start_s, settings.end_s)
    face = settings.face or (None, None, None)
    return dict(zip(ASKED, (*how, *face), strict=True))


def _check_queue() -> None:
    waiting = Analysis.objects.filter(status=Status.QUEUED).count()
    if waiting >= server.MAX_QUEUED:
        raise QueueFull(Sentence("{n} analyses are waiting; try again in a few minutes", n=waiting))
