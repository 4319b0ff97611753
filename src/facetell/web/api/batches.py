"""Batches: several files, or a zip of them, that are analysed one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, UploadedFile
from pydantic import Field

from facetell.web.analyses.models import Analysis, Batch, Status, Upload
from facetell.web.analyses.problems import Problem
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep
from facetell.web.api import archives
from facetell.web.api.answers import json_answer
from facetell.web.api.authentication import owner_of
from facetell.web.api.idempotency import fingerprint_of, once
from facetell.web.api.intake import IdempotencyKey, Wish
from facetell.web.api.problems import Invalid, NotFound
from facetell.web.api.responses import refusals
from facetell.web.api.schemas import ROOT, AnalysisSummary, Fault

router = Router(tags=["batches"])


class Refused(Schema):
    """A file that was not taken, and why."""

    name: str
    problem: Fault


class Summary(Schema):
    """How many analyses of a batch stand where."""

    count: int
    ended: int
    by_status: dict[str, int]
    by_label: dict[str, int] = Field(description="of those that are done")


class BatchBody(Schema):
    """Files that were sent together."""

    id: UUID
    name: str
    created_at: datetime
    summary: Summary
    analyses: list[AnalysisSummary]
    refused: list[Refused] = Field([], description="in the answer to POST alone")
    link: str

    @classmethod
    def of(cls, batch: Batch, refused: list[Refused] | None = None) -> BatchBody:
        """Read a row and its analyses."""
        rows = list(batch.analyses.select_related("upload").order_by("created_at"))
        return cls(
            id=batch.pk,
            name=batch.name,
            created_at=batch.created_at,
            summary=_summary(rows),
            analyses=[AnalysisSummary.of(row) for row in rows],
            refused=refused or [],
            link=f"{ROOT}/batches/{batch.pk}",
        )


@router.post(
    "/batches",
    operation_id="create_batch",
    summary="Analyse several files, or a zip of them",
    response={202: BatchBody, **refusals(400, 401, 403, 409, 410, 413, 415, 422, 429, 503, 507)},
)
def create(
    request: HttpRequest,
    wish: Form[Wish],
    files: File[list[UploadedFile]],
    name: Form[str] = "",
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    """Queue what can be read; `refused` names the rest. Analyses of one file go first."""
    fields = {"to": "batches", "name": name} | wish.model_dump()
    asked = fingerprint_of(fields, *files) if idempotency_key else ""
    return once(
        owner_of(request), idempotency_key, asked, lambda: _create(request, wish, files, name)
    )


def _create(request: HttpRequest, wish: Wish, files: list[UploadedFile], name: str) -> HttpResponse:
    settings, owner = wish.settings(), owner_of(request)
    with ExitStack() as stack:
        kept, refused = _keep(request, archives.members(files, stack))
    if not kept:
        reasons = "; ".join(each.problem.message for each in refused)
        raise Invalid(f"no file could be taken: {reasons or 'the archive is empty'}")
    batch = Batch.objects.create(owner=owner, name=name[:200])
    try:
        for upload in kept:
            submit(owner, upload, settings, batch)
    except Problem as problem:
        if not batch.analyses.exists():
            batch.delete()
            raise
        refused.append(_refused(upload.name, problem))
    response = json_answer(request, BatchBody.of(batch, refused))
    response.status_code = 202
    response["Location"] = f"{ROOT}/batches/{batch.pk}"
    return response


@router.get(
    "/batches/{uuid:batch_id}",
    operation_id="get_batch",
    summary="Where a batch stands",
    response={200: BatchBody, 304: None, **refusals(401, 404, 422, 429)},
)
def get_batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Send the summary and the analyses, in the order in which they were sent."""
    batch = Batch.objects.filter(pk=batch_id, owner=owner_of(request)).first()
    if batch is None:
        raise NotFound(f"there is no batch {batch_id}; it may have been deleted")
    return json_answer(request, BatchBody.of(batch))


def _keep(
    request: HttpRequest, members: Iterator[archives.Member]
) -> tuple[list[Upload], list[Refused]]:
    """Store what can be stored; one bad file among many stops none of the others."""
    kept: list[Upload] = []
    refused = []
    for member in members:
        try:
            upload = keep(owner_of(request), member.chunks(), member.name)
        except Problem as problem:
            refused.append(_refused(member.name, problem))
        else:
            kept.append(upload)
    return list({upload.pk: upload for upload in kept}.values()), refused


def _refused(name: str, problem: Problem) -> Refused:
    return Refused(name=name, problem=Fault(code=problem.code, message=str(problem)))


def _summary(rows: list[Analysis]) -> Summary:
    return Summary(
        count=len(rows),
        ended=sum(row.ended for row in rows),
        by_status=Counter(row.status for row in rows),
        by_label=Counter(row.label for row in rows if row.status == Status.DONE),
    )
