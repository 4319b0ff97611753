"""What came out of an analysis, and what one may do with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from facetell.options import FacePoint
from facetell.web.analyses import deletion, sharing
from facetell.web.analyses.artifacts import REPORTS
from facetell.web.analyses.choices import Settings, frame_choices, models
from facetell.web.analyses.models import Analysis
from facetell.web.analyses.problems import Problem, UnknownSetting
from facetell.web.analyses.submission import settings_of, submit
from facetell.web.pages.findings import Findings, findings_of
from facetell.web.pages.ownership import own_analysis, own_result
from facetell.web.pages.stage import stage_of
from facetell.web.pages.timeline import script_data, timeline_of
from facetell.wording import Sentence, clock, span

MOST_CARDS = 12
"""Faces with a card of their own; the others stand in a table."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """Places along the bar from real to fake, percent, as strings for SVG."""

    needle: str
    anchor: str
    real_width: str
    fake_from: str
    fake_width: str


def show(request: HttpRequest, analysis: Analysis) -> HttpResponse:
    """Show the result of an analysis that is done, to its owner."""
    return render(request, "facetell/result.html", own_context(request, analysis))


def own_context(request: HttpRequest, analysis: Analysis) -> dict[str, Any]:
    """Return what the owner's page shows: the result, and what may be done with it."""
    root = reverse("analysis", args=[analysis.pk])
    files = f"{reverse('api:get_analysis', args=[analysis.pk])}/"
    return result_context(analysis, root, files) | {
        "reports": [
            (ending, f"{files}report.{ending}")
            for ending, name in REPORTS.items()
            if default_storage.exists(f"{analysis.folder}/{name}")
        ],
        "frame_choices": frame_choices(),
        "models": list(models().values()),
        "chosen": {"frames": analysis.frames, "model": analysis.model, **_stretch(analysis)},
        "deleted_on": deletion.deleted_at(analysis),
        "share_days": sharing.DAYS,
        "share_links": [
            (link, request.build_absolute_uri(reverse("shared", args=[sharing.token_of(link)])))
            for link in sharing.links_of(analysis)
        ],
    }


def result_context(
    analysis: Analysis, root: str, files: str, with_media: bool = True
) -> dict[str, Any]:
    """Return what every page of a result shows.

    Args:
        analysis: with its result.
        root: address under which its video is.
        files: address under which its pictures are.
        with_media: whether the upload itself is shown.
    """
    findings = findings_of(analysis)
    timeline = timeline_of(findings)
    media = findings.document["media"] or {}
    return {
        "analysis": analysis,
        "findings": findings,
        "document": findings.document,
        "gauge": _gauge(findings),
        "timeline": timeline,
        "stage": stage_of(findings, analysis.upload, with_media),
        "script_data": script_data(findings, timeline),
        "faces": findings.faces[:MOST_CARDS],
        "more_faces": findings.faces[MOST_CARDS:],
        "face_at": clock(findings.face[0]) if findings.face else "",
        "stretch": span(*findings.stretch_s) if findings.stretch_s else "",
        "length": clock(media["duration_s"]) if media.get("duration_s") else "",
        "elapsed": clock(findings.document["elapsed_s"] or 0.0),
        "root": root,
        "files": files,
    }


@require_POST
def refine(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Analyse the same upload anew: a stretch of it, one face, or with other settings."""
    analysis = own_result(request, analysis_id)
    try:
        settings = _asked(request, analysis)
        fresh, _ = submit(cast("User", request.user), analysis.upload, settings)
    except Problem as problem:
        # what was typed stays, so that it can be mended
        context = own_context(request, analysis) | {"problem": problem, "chosen": request.POST}
        return render(request, "facetell/result.html", context, status=problem.status)
    return redirect("analysis", fresh.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Ask whether an analysis is to be deleted, and delete it."""
    analysis = own_analysis(request, analysis_id)
    if request.method != "POST":
        others = analysis.upload.analyses.exclude(pk=analysis.pk).count()
        context = {"analysis": analysis, "others": others}
        return render(request, "facetell/result_delete.html", context)
    deletion.delete(analysis)
    messages.success(request, gettext("The analysis was deleted."))
    return redirect("upload")


def _asked(request: HttpRequest, analysis: Analysis) -> Settings:
    """What a form asks for: one face as it was analysed, or all of them in another way."""
    if "face" in request.POST:
        face = _face(request, findings_of(analysis))
        return replace(settings_of(analysis), face=face)
    return Settings(
        frames=request.POST.get("frames", analysis.frames),
        model=request.POST.get("model", analysis.model),
        start_s=_seconds(request, "start_s"),
        end_s=_seconds(request, "end_s"),
        face=analysis.face if "keep_face" in request.POST else None,
    )


def _face(request: HttpRequest, findings: Findings) -> FacePoint:
    """Where the face is whose number was sent."""
    numbers = {str(face.track): face.track for face in findings.faces}
    track = numbers.get(request.POST["face"])
    place = None if track is None else findings.place_of(track)
    if place is None:
        raise UnknownSetting(
            Sentence("there is no face {face} in this result", face=request.POST["face"])
        )
    return place


def _seconds(request: HttpRequest, name: str) -> float | None:
    """A time that was typed; None where nothing was."""
    text = request.POST.get(name, "").strip().replace(",", ".")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise UnknownSetting(
            Sentence("{name} is {given}: give seconds, such as 12.5", name=name, given=repr(text))
        ) from None


def _stretch(analysis: Analysis) -> dict[str, str]:
    """The stretch that was asked for, as it is typed."""
    asked = {"start_s": analysis.start_s, "end_s": analysis.end_s}
    return {name: f"{time_s:g}" for name, time_s in asked.items() if time_s is not None}


def _gauge(findings: Findings) -> Gauge | None:
    if findings.p_fake is None:
        return None
    needle, limits = 100 * findings.p_fake, findings.thresholds
    return Gauge(
        needle=f"{needle:.1f}",
        anchor="start" if needle < 15 else "end" if needle > 85 else "middle",
        real_width=f"{100 * limits.real:.2f}" if limits else "",
        fake_from=f"{100 * limits.fake:.2f}" if limits else "",
        fake_width=f"{100 * (1 - limits.fake):.2f}" if limits else "",
    )
