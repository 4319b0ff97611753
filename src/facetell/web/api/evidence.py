"""What an analysis found: timeline, face crops, heat maps, frames and reports."""

from __future__ import annotations

from pathlib import PurePath
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router

from facetell.web.accounts.headers import REPORT_POLICY
from facetell.web.analyses.artifacts import REPORTS
from facetell.web.analyses.downloads import file_answer, picture_answer
from facetell.web.analyses.models import Analysis, Status
from facetell.web.analyses.problems import NotEnded
from facetell.web.api.analyses import find
from facetell.web.api.answers import json_answer
from facetell.web.api.documents import Document
from facetell.web.api.problems import NotFound
from facetell.web.api.responses import binary, refusals
from facetell.web.api.schemas import Face, FaceList, Timeline, address

router = Router(tags=["evidence"])
READ = refusals(401, 404, 409, 422, 429)

_SENT_AS = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}


@router.get(
    "/analyses/{uuid:analysis_id}/timeline",
    operation_id="get_timeline",
    summary="Scores over time",
    response={200: Timeline, 304: None, **READ},
)
def timeline(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Send each face's scores with their boxes, in pixels of the displayed frame."""
    document = _done(request, analysis_id).result.document
    return json_answer(request, Timeline(**{n: document[n] for n in Timeline.model_fields}))


@router.get(
    "/analyses/{uuid:analysis_id}/faces",
    operation_id="list_faces",
    summary="The most suspicious crops of each face",
    response={200: FaceList, 304: None, **READ},
)
def faces(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """List the crops with the addresses of their pictures and heat maps."""
    analysis = _done(request, analysis_id)
    items = [
        Face(
            number=number,
            picture=address(analysis_id, "faces", f"{number}.jpg"),
            heatmap=address(analysis_id, "heatmaps", f"{number}.jpg"),
            **{name: face[name] for name in ("track", "time_s", "p_fake")},
        )
        for number, face in enumerate(analysis.result.pictures["faces"])
    ]
    return json_answer(request, FaceList(items=items))


@router.get(
    "/analyses/{uuid:analysis_id}/faces/{int:number}.jpg",
    operation_id="get_face",
    summary="A face crop",
    response={200: None, 304: None, **READ},
    openapi_extra=binary("image/jpeg"),
)
def face(request: HttpRequest, analysis_id: UUID, number: int) -> HttpResponse:
    """Send the crop that was scored."""
    return picture_answer(request, _done(request, analysis_id), "faces", number)


@router.get(
    "/analyses/{uuid:analysis_id}/heatmaps/{int:number}.jpg",
    operation_id="get_heatmap",
    summary="Where in a face crop the model looked",
    response={200: None, 304: None, **READ},
    openapi_extra=binary("image/jpeg"),
)
def heatmap(request: HttpRequest, analysis_id: UUID, number: int) -> HttpResponse:
    """Send the crop with the heat map over it."""
    return picture_answer(request, _done(request, analysis_id), "heatmaps", number)


@router.get(
    "/analyses/{uuid:analysis_id}/frames/{int:number}.jpg",
    operation_id="get_frame",
    summary="A sampled frame, where frames are kept",
    response={200: None, 304: None, **READ},
    openapi_extra=binary("image/jpeg"),
)
def frame(request: HttpRequest, analysis_id: UUID, number: int) -> HttpResponse:
    """Send a frame as it was analysed, scaled down."""
    return picture_answer(request, _done(request, analysis_id), "frames", number)


def _report(kind: str) -> None:
    """Add the endpoint of one kind of report."""

    @router.get(
        f"/analyses/{{uuid:analysis_id}}/report.{kind}",
        operation_id=f"get_report_{kind}",
        summary=f"The report as {kind.upper()}",
        response={200: Document if kind == "json" else None, 304: None, **READ},
        openapi_extra=None if kind == "json" else binary(_SENT_AS[kind].partition(";")[0]),
        url_name=f"report_{kind}",
    )
    def report(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
        analysis = _done(request, analysis_id)
        response = file_answer(request, analysis, REPORTS[kind], _SENT_AS[kind])
        response["Content-Security-Policy"] = REPORT_POLICY
        saved_as = f"{PurePath(analysis.upload.name).stem}-facetell.{kind}"
        to_save = kind not in {"html", "json"}
        response["Content-Disposition"] = content_disposition_header(to_save, saved_as) or "inline"
        return response


for _kind in _SENT_AS:
    _report(_kind)


def _done(request: HttpRequest, analysis_id: UUID) -> Analysis:
    """Return an analysis that has a result."""
    analysis = find(request, analysis_id)
    if not analysis.ended:
        raise NotEnded("the analysis has not ended yet; follow its events, or ask again later")
    if analysis.status != Status.DONE:
        raise NotFound(f"the analysis {analysis.status}, so there is no result of it")
    return analysis
