"""POST /detect: one request, one answer, for programs that were written for small Flask servers.

It is `POST /analyses` with a wait: the same queue, the same workers, the same analysis to look at.
"""

from __future__ import annotations

import threading
from time import monotonic, sleep
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, UploadedFile
from pydantic import Field

from facetell.web.analyses.models import Analysis, Status
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep
from facetell.web.api.analyses import find
from facetell.web.api.answers import json_answer
from facetell.web.api.authentication import owner_of
from facetell.web.api.intake import Wish
from facetell.web.api.problems import Invalid, Undone, problem
from facetell.web.api.responses import refusals
from facetell.web.api.schemas import AnalysisSummary, address

router = Router(tags=["analyses"])

LONGEST_S = 50.0
"""Proxies cut a request that is silent for a minute."""
LOOK_EVERY_S = 0.25
_seats = threading.BoundedSemaphore(8)
"""Whoever waits holds a thread and a connection; whoever finds no seat is not kept waiting."""

Output = Literal["Fake", "Real", "Inconclusive", "No face"]
_OUTPUTS: dict[str, Output] = {
    "fake": "Fake",
    "real": "Real",
    "inconclusive": "Inconclusive",
    "no_face": "No face",
}


class Detection(Schema):
    """The verdict in two words."""

    output: Output
    confidence: float | None = Field(
        ge=0,
        le=100,
        examples=[97.31],
        description="percent, 0 to 100, as small Flask servers tell it: 100 p_fake if Fake, "
        "100 (1 - p_fake) if Real; null where no side is taken. Elsewhere in this API a "
        "confidence goes from 0 to 1.",
    )
    p_fake: float | None = Field(ge=0, le=1, examples=[0.9731], description="0 to 1")
    analysis: str = Field(description="address of the whole result")


@router.post(
    "/detect",
    operation_id="detect",
    summary="Analyse a file and wait for the verdict",
    response={
        200: Detection,
        202: AnalysisSummary,
        **refusals(401, 403, 400, 404, 409, 410, 413, 415, 422, 429, 503, 507),
    },
)
def detect(
    request: HttpRequest,
    wish: Form[Wish],
    file: Annotated[UploadedFile | None, File(description="a video or picture")] = None,
    video: Annotated[UploadedFile | None, File(description="another name for file")] = None,
) -> HttpResponse:
    """Wait up to 50 seconds; 202 says that it takes longer and where to look."""
    sent = file or video
    if sent is None:
        raise Invalid("send a video or picture as the multipart field `file`")
    settings = wish.settings()
    upload = keep(owner_of(request), sent.chunks(), sent.name or "")
    analysis = _wait(request, submit(owner_of(request), upload, settings)[0])
    return _answer(request, analysis)


def _wait(request: HttpRequest, analysis: Analysis) -> Analysis:
    """Return the analysis as it is when it has ended, or when nobody should wait longer."""
    if analysis.ended or not _seats.acquire(blocking=False):
        return analysis
    try:
        until_s = monotonic() + LONGEST_S
        while not analysis.ended and monotonic() < until_s:
            sleep(LOOK_EVERY_S)
            analysis = find(request, analysis.pk)
        return analysis
    finally:
        _seats.release()


def _answer(request: HttpRequest, analysis: Analysis) -> HttpResponse:
    if analysis.status == Status.FAILED:
        return problem(422, analysis.error_code, analysis.error_message)
    if analysis.status == Status.CANCELLED:
        raise Undone("the analysis was cancelled; send the file again")
    if not analysis.ended:
        response = json_answer(request, AnalysisSummary.of(analysis))
        response.status_code = 202
    else:
        response = json_answer(request, _detection(analysis))
    response["Location"] = address(analysis.pk)
    return response


def _detection(analysis: Analysis) -> Detection:
    p_fake = analysis.p_fake
    sides = {} if p_fake is None else {"fake": p_fake, "real": 1 - p_fake}
    sure = sides.get(analysis.label)
    return Detection(
        output=_OUTPUTS[analysis.label],
        confidence=None if sure is None else round(100 * sure, 2),
        p_fake=p_fake,
        analysis=address(analysis.pk),
    )
