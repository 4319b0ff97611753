"""The video of an analysis, for its owner only; the API has its pictures and reports."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from facetell.web.analyses.models import Upload
from facetell.web.pages.ownership import own_analysis
from facetell.web.pages.ranges import file_response
from facetell.web.pages.sniffing import DOWNLOAD_ONLY, media_type_of

KEPT = {"Cache-Control": "private, no-cache"}
"""A browser asks each time whether it may still show what it has."""


@require_safe
def video(request: HttpRequest, analysis_id: UUID) -> HttpResponseBase:
    """Send the video or picture that was analysed."""
    return send_upload(request, own_analysis(request, analysis_id).upload)


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


def upload_path(upload: Upload) -> Path | None:
    """Return where an upload lies; None once it is deleted."""
    if not upload.file or not default_storage.exists(upload.file):
        return None
    return Path(default_storage.path(upload.file))
