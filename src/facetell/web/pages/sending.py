"""Files of one request → where to look: an analysis of the one, a batch of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.urls import reverse

from facetell.web.analyses.choices import DEFAULT_FRAMES, DEFAULT_MODEL, Settings
from facetell.web.analyses.models import Batch, Upload
from facetell.web.analyses.problems import EmptyUpload, Problem
from facetell.web.analyses.sentences import told
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep
from facetell.wording import Sentence

Sent = Sequence["UploadedFile[bytes]"]


def begin(request: HttpRequest) -> str:
    """Keep the files and queue them; return the address of their analysis or batch.

    Raises:
        Problem: nothing could be queued.
    """
    settings = Settings(
        frames=request.POST.get("frames", DEFAULT_FRAMES),
        model=request.POST.get("model", DEFAULT_MODEL),
    )
    sent = cast("Sent", request.FILES.getlist("file"))
    if not sent:
        raise EmptyUpload(Sentence("No file was chosen; choose a video or a picture"))
    owner = cast("User", request.user)
    if len(sent) == 1:
        kept = keep(owner, sent[0].chunks(), sent[0].name or "")
        return reverse("analysis", args=[submit(owner, kept, settings)[0].pk])
    kept_files, problems = _keep_all(owner, sent)
    batch = _queue(owner, kept_files, settings, problems)
    for problem in problems:
        messages.warning(request, told(problem))
    return reverse("batch", args=[batch.pk])


def _keep_all(owner: User, sent: Sent) -> tuple[list[Upload], list[Problem]]:
    """Keep what can be kept; one bad file among many stops none of the others."""
    kept, problems = [], []
    for file in sent:
        try:
            kept.append(keep(owner, file.chunks(), file.name or ""))
        except Problem as problem:
            problems.append(problem)
    if not kept:
        raise problems[0]
    return kept, problems


def _queue(
    owner: User, kept: Sequence[Upload], settings: Settings, problems: list[Problem]
) -> Batch:
    """Queue as many as the queue takes, and add what was in the way of the others."""
    batch = Batch.objects.create(owner=owner)
    for clip in kept:
        try:
            submit(owner, clip, settings, batch)
        except Problem as problem:
            problems.append(problem)
            break
    if not batch.analyses.exists():
        batch.delete()
        raise problems[-1]
    return batch
