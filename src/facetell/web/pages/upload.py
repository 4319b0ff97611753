"""The start page: files and settings in, an analysis or a batch of them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any, cast

from django.conf import settings as server
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from facetell.options import MEDIA_SUFFIXES
from facetell.web.analyses.choices import (
    DEFAULT_FRAMES,
    DEFAULT_MODEL,
    Settings,
    frame_choices,
    models,
)
from facetell.web.analyses.models import Batch
from facetell.web.analyses.problems import EmptyUpload, Problem
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep

SAMPLE = "astronaut_fake.mp4"
"""The bundled clip that people try: a recording whose face was blended with a changed copy."""


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form; take files and begin to analyse them."""
    if request.method != "POST":
        return _form(request)
    try:
        place = _begin(request)
    except Problem as problem:
        return _refusal(request, problem)
    if _wants_json(request):
        return JsonResponse({"location": place}, status=202)
    return HttpResponseRedirect(place, status=303)


@require_POST
def sample(request: HttpRequest) -> HttpResponse:
    """Analyse the bundled clip."""
    try:
        clip = keep(_owner(request), _sample_bytes(), SAMPLE)
        analysis, _ = submit(_owner(request), clip, Settings())
    except Problem as problem:
        return _refusal(request, problem)
    return redirect("analysis", analysis.pk)


def _begin(request: HttpRequest) -> str:
    """Keep the files and queue them; return where to look."""
    owner = _owner(request)
    settings = Settings(
        frames=request.POST.get("frames", DEFAULT_FRAMES),
        model=request.POST.get("model", DEFAULT_MODEL),
    )
    sent = cast("Sequence[UploadedFile[bytes]]", request.FILES.getlist("file"))
    if not sent:
        raise EmptyUpload(gettext("No file was chosen; choose a video or a picture"))
    if len(sent) == 1:
        kept = keep(owner, sent[0].chunks(), sent[0].name or "")
        return reverse("analysis", args=[submit(owner, kept, settings)[0].pk])
    return _begin_batch(owner, sent, settings)


def _begin_batch(owner: User, sent: Sequence[UploadedFile[bytes]], settings: Settings) -> str:
    kept = [keep(owner, file.chunks(), file.name or "") for file in sent]
    batch = Batch.objects.create(owner=owner)
    for clip in kept:
        submit(owner, clip, settings, batch)
    return reverse("batch", args=[batch.pk])


def _sample_bytes() -> Iterator[bytes]:
    yield (files("facetell") / "data" / "samples" / SAMPLE).read_bytes()


def _form(request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "problem": problem,
        "frame_choices": frame_choices(),
        "chosen_frames": request.POST.get("frames", DEFAULT_FRAMES),
        "models": list(models().values()),
        "chosen_model": request.POST.get("model", DEFAULT_MODEL),
        "suffixes": sorted(MEDIA_SUFFIXES),
        "max_bytes": server.MAX_UPLOAD_BYTES,
    }
    return render(
        request, "facetell/upload.html", context, status=problem.status if problem else 200
    )


def _refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The same page with what was wrong, or only that for a script."""
    if _wants_json(request):
        return JsonResponse({"code": problem.code, "detail": str(problem)}, status=problem.status)
    return _form(request, problem)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("accept") == "application/json"


def _owner(request: HttpRequest) -> User:
    return cast("User", request.user)
