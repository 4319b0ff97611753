"""GET, DELETE and cancel: the analyses that somebody asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import AfterValidator, AwareDatetime, Field

from facetell.web.analyses import deletion
from facetell.web.analyses.models import Analysis
from facetell.web.api.answers import json_answer
from facetell.web.api.authentication import owner_of
from facetell.web.api.documents import Label
from facetell.web.api.problems import NotFound
from facetell.web.api.responses import refusals
from facetell.web.api.schemas import ROOT, AnalysisDetail, AnalysisSummary, Page, StatusName

router = Router(tags=["analyses"])
READ = refusals(401, 404, 422, 429)
CHANGE = refusals(401, 403, 404, 422, 429)


def _in_utc(moment: datetime) -> datetime:
    """Return it as databases take it: PostgreSQL knows no time zone 22 hours away."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such time in UTC") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Filters(Schema):
    """Which analyses are listed."""

    limit: int = Field(50, ge=1, le=200, description="how many are sent at once")
    offset: int = Field(0, ge=0, le=10**9, description="how many are skipped")
    status: StatusName | None = None
    label: Label | None = None
    search: str = Field("", max_length=200, description="part of the file's name")
    since: Moment | None = Field(None, description="asked for at or after")
    until: Moment | None = Field(None, description="asked for before")
    batch: UUID | None = None

    def apply(self, rows: QuerySet[Analysis]) -> QuerySet[Analysis]:
        """Keep those that are meant."""
        wanted: dict[str, object] = {
            "status": self.status,
            "label": self.label,
            "upload__name__icontains": self.search.replace("\0", "") or None,
            "created_at__gte": self.since,
            "created_at__lt": self.until,
            "batch": self.batch,
        }
        return rows.filter(**{name: value for name, value in wanted.items() if value is not None})

    def address(self, offset: int) -> str:
        """Return where the same list goes on."""
        query = self.model_dump(mode="json", exclude_defaults=True) | {"offset": offset}
        return f"{ROOT}/analyses?{urlencode(query)}"


def find(request: HttpRequest, analysis_id: UUID) -> Analysis:
    """Return an analysis of whoever asks, with its upload.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    rows = Analysis.objects.select_related("upload")
    found = rows.filter(pk=analysis_id, owner=owner_of(request)).first()
    if found is None:
        raise NotFound(f"there is no analysis {analysis_id}; it may have been deleted")
    return found


@router.get(
    "/analyses",
    operation_id="list_analyses",
    summary="List analyses, the newest first",
    response={200: Page, **refusals(401, 422, 429)},
)
def list_analyses(request: HttpRequest, filters: Query[Filters]) -> Page:
    """List your own, without their results."""
    mine = Analysis.objects.filter(owner=owner_of(request)).select_related("upload")
    rows = filters.apply(mine)
    count, start, limit = rows.count(), filters.offset, filters.limit
    return Page(
        count=count,
        items=[AnalysisSummary.of(row) for row in rows[start : start + limit]],
        next=filters.address(start + limit) if start + limit < count else None,
        previous=filters.address(max(0, start - limit)) if start else None,
    )


@router.get(
    "/analyses/{uuid:analysis_id}",
    operation_id="get_analysis",
    summary="Where an analysis stands, and its result",
    response={200: AnalysisDetail, 304: None, **READ},
)
def get_analysis(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Send the state; once it is done, `result` is the command line's JSON."""
    return json_answer(request, AnalysisDetail.of(find(request, analysis_id)))


@router.delete(
    "/analyses/{uuid:analysis_id}",
    operation_id="delete_analysis",
    summary="Delete an analysis and all that belongs to it",
    response={204: None, **CHANGE},
)
def delete_analysis(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Delete it; its video goes with the last analysis of it. One that runs is stopped."""
    deletion.delete(find(request, analysis_id))
    return HttpResponse(status=204)


@router.post(
    "/analyses/{uuid:analysis_id}/cancel",
    operation_id="cancel_analysis",
    summary="Stop an analysis",
    response={200: AnalysisSummary, **CHANGE},
)
def cancel_analysis(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Stop one that waits at once, one that runs at its next frame; leave one that has ended."""
    deletion.cancel(find(request, analysis_id))
    return json_answer(request, AnalysisSummary.of(find(request, analysis_id)))
