"""The video, the pictures and the reports of an analysis, for its owner only."""

from __future__ import annotations

from pathlib import Path, PurePath
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from facetell.web.analyses.artifacts import REPORTS
from facetell.web.analyses.models import Analysis, Upload
from facetell.web.pages.ownership import own_analysis
from facetell.web.pages.ranges import file_response
from facetell.web.pages.sniffing import DOWNLOAD_ONLY, media_type_of

KINDS = ("faces", "heatmaps", "frames")
"""Folders of pictures that pages show."""

_REPORT_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}

KEPT = {"Cache-Control": "private, no-cache"}
"""A browser asks each time whether it may still show what it has."""


@require_safe
def video(request: HttpRequest, analysis_id: UUID) -> HttpResponseBase:
    """Send the video or picture that was analysed."""
    return send_upload(request, own_analysis(request, analysis_id).upload)


@require_safe
def picture(request: HttpRequest, analysis_id: UUID, kind: str, number: int) -> HttpResponse:
    """Send a face crop, a heat map or a sampled frame."""
    return send_picture(own_analysis(request, analysis_id), kind, number)


@require_safe
def report(request: HttpRequest, analysis_id: UUID, ending: str) -> HttpResponse:
    """Send a report, to be saved."""
    analysis = own_analysis(request, analysis_id)
    name = f"{analysis.folder}/{REPORTS.get(ending, '')}"
    if ending not in REPORTS or not default_storage.exists(name):
        raise Http404
    with default_storage.open(name) as file:
        data = file.read()
    saved_as = f"{PurePath(analysis.upload.name).stem}-facetell.{ending}"
    return HttpResponse(
        data,
        content_type=_REPORT_TYPES[ending],
        headers=KEPT
        | {
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": content_disposition_header(True, saved_as) or "attachment",
        },
    )


def send_upload(request: HttpRequest, upload: Upload) -> HttpResponseBase:
    """Send an upload under the type that its bytes tell, to be saved if that is none of ours.

    Raises:
        Http404: the video was deleted.
    """
    path = upload_path(upload)
    if path is None:
        raise Http404
    kind = media_type_of(path)
    shown = content_disposition_header(kind == DOWNLOAD_ONLY, upload.name)
    headers = KEPT | {
        "Content-Type": kind,
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": shown or "inline",
    }
    return file_response(request, path, headers, f'"{upload.sha256}"')


def send_picture(analysis: Analysis, kind: str, number: int) -> HttpResponse:
    """Send one of the pictures that the worker made.

    Raises:
        Http404: there is none of that kind and number.
    """
    name = f"{analysis.folder}/{kind}/{number}.jpg"
    if kind not in KINDS or not default_storage.exists(name):
        raise Http404
    with default_storage.open(name) as file:
        data = file.read()
    return HttpResponse(
        data,
        content_type="image/jpeg",
        headers={"Cache-Control": "private, max-age=600", "X-Content-Type-Options": "nosniff"},
    )


def upload_path(upload: Upload) -> Path | None:
    """Return where an upload lies; None once it is deleted."""
    if not upload.file or not default_storage.exists(upload.file):
        return None
    return Path(default_storage.path(upload.file))
