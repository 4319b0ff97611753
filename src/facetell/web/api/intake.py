"""POST /analyses: a file and settings → a queued analysis, or the one that answers it already."""

from __future__ import annotations

from typing import Annotated

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Header, Schema, UploadedFile
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from facetell.options import FacePoint
from facetell.web.analyses import fetching
from facetell.web.analyses.choices import DEFAULT_FRAMES, DEFAULT_MODEL, Settings
from facetell.web.analyses.models import Upload
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep
from facetell.web.api.analyses import router
from facetell.web.api.answers import json_answer
from facetell.web.api.authentication import owner_of
from facetell.web.api.idempotency import fingerprint_of, once
from facetell.web.api.problems import Invalid
from facetell.web.api.responses import refusals
from facetell.web.api.schemas import AnalysisSummary, address

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="of your choice; the same request with the same key gets the same answer",
    ),
]


class Wish(Schema):
    """How a file is to be analysed; a form has no null, so that what is not meant is left out."""

    frames: str = Field(
        DEFAULT_FRAMES, description="how many frames: a whole number, or all", examples=["40"]
    )
    model: str = Field(DEFAULT_MODEL, description="name of one of GET /models")
    start_s: float | SkipJsonSchema[None] = Field(
        None, ge=0, description="analyse from here on, seconds"
    )
    end_s: float | SkipJsonSchema[None] = Field(
        None, ge=0, description="analyse up to here, seconds"
    )
    face: str | SkipJsonSchema[None] = Field(
        None,
        pattern=r"^[0-9]+(\.[0-9]+)?(,[0-9]+(\.[0-9]+)?){2}$",
        max_length=100,
        description="judge only the face that is there: time in seconds, x and y in pixels of the "
        "displayed frame",
        examples=["62,412,96.5"],
    )

    def settings(self) -> Settings:
        """Check it.

        Raises:
            UnknownSetting, UnknownModel: a value makes no sense.
        """
        return Settings(self.frames, self.model, self.start_s, self.end_s, self._point())

    def _point(self) -> FacePoint | None:
        if self.face is None:
            return None
        time_s, x_px, y_px = map(float, self.face.split(","))
        return time_s, x_px, y_px


@router.post(
    "/analyses",
    operation_id="create_analysis",
    summary="Analyse a file",
    response={
        202: AnalysisSummary,
        200: AnalysisSummary,
        **refusals(400, 401, 403, 409, 410, 413, 415, 422, 429, 503, 507),
    },
)
def create(
    request: HttpRequest,
    wish: Form[Wish],
    file: Annotated[UploadedFile | None, File(description="a video or picture")] = None,
    url: Annotated[
        str, Form(description="instead of `file`: where the server fetches it; it must allow that")
    ] = "",
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    """Store a file and queue its analysis; answer 200 if the same was asked before.

    What `url` names is fetched by the worker, anew for each request.
    """
    if (file is None) == (not url):
        raise Invalid("send a video or picture as the multipart field `file`, or its `url`")
    fields = {"to": "analyses", "url": url} | wish.model_dump()
    asked = fingerprint_of(fields, *filter(None, [file])) if idempotency_key else ""
    return once(
        owner_of(request), idempotency_key, asked, lambda: _create(request, wish, file, url)
    )


def _create(request: HttpRequest, wish: Wish, file: UploadedFile | None, url: str) -> HttpResponse:
    settings, owner = wish.settings(), owner_of(request)
    upload = fetching.expect(owner, url) if file is None else _kept(owner, file)
    analysis, new = submit(owner, upload, settings)
    response = json_answer(request, AnalysisSummary.of(analysis))
    response.status_code = 202 if new else 200
    response["Location"] = address(analysis.pk)
    return response


def _kept(owner: User, file: UploadedFile) -> Upload:
    return keep(owner, file.chunks(), file.name or "")
