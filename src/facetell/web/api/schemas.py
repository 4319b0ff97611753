"""What the API takes and answers, as the OpenAPI document shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import Field

from facetell.web.analyses.models import Analysis, Status
from facetell.web.analyses.queue import place
from facetell.web.api.documents import Document, Label, Point, Track

ROOT = "/api/v1"
StatusName = Literal["queued", "running", "done", "failed", "cancelled"]


class ProblemBody(Schema):
    """What is wrong, as RFC 9457 tells it."""

    type: str = Field(examples=["urn:facetell:problem:not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(description="for programs; stable", examples=["not_found"])
    detail: str = Field(description="for people: what failed and what to do")
    errors: list[dict[str, object]] = Field([], description="of status 422: each wrong parameter")


class SentFile(Schema):
    """The file that was sent."""

    name: str = Field(examples=["interview.mp4"])
    sha256: str | None = Field(description="null until it is fetched from its address")
    size_bytes: int | None = Field(description="null until it is fetched from its address")
    kept: bool = Field(description="false once the video is deleted and only its verdict is left")


class ChosenSettings(Schema):
    """How it is analysed."""

    frames: str = Field(description="a whole number, or all", examples=["40"])
    model: str = Field(examples=["default"])
    start_s: float | None
    end_s: float | None
    face: list[float] | None = Field(
        description="time in seconds, x and y in pixels of the one face; null for all"
    )


class Progress(Schema):
    """How far it is; while `status` is running."""

    stage: str = Field(description="empty before the first stage", examples=["scoring"])
    done: int
    total: int | None = Field(description="about how many there will be; null if not known")


class Fault(Schema):
    """Why it failed."""

    code: str = Field(description="stable; docs/errors.md", examples=["not_media"])
    message: str


class Links(Schema):
    """Where the rest is."""

    self: str
    events: str
    timeline: str
    faces: str
    report_json: str
    report_html: str
    report_pdf: str
    report_csv: str


class State(Schema):
    """Where an analysis stands; what each event says."""

    id: UUID
    status: StatusName
    queue_place: int | None = Field(description="1 is next; null unless queued")
    progress: Progress | None
    label: Label | None = Field(description="null unless done")
    p_fake: float | None = Field(description="0 to 1; null unless done and a face was scored")
    error: Fault | None = Field(description="null unless failed")

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        """Read a row."""
        return cls.model_validate(_state(analysis))


class AnalysisSummary(State):
    """An analysis without its result."""

    file: SentFile
    settings: ChosenSettings
    batch: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    links: Links

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        """Read a row with its upload."""
        return cls.model_validate(_state(analysis) | _facts(analysis))


class AnalysisDetail(AnalysisSummary):
    """An analysis with its result."""

    result: Document | None = Field(description="null unless done")

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        """Read a row with its upload and result."""
        document = analysis.result.document if analysis.status == Status.DONE else None
        return cls.model_validate(_state(analysis) | _facts(analysis) | {"result": document})


class Page(Schema):
    """A part of a list."""

    count: int = Field(description="how many there are in all")
    items: list[AnalysisSummary]
    next: str | None = Field(description="address of the next part; null at the end")
    previous: str | None


class Timeline(Schema):
    """Scores over time, and the faces that they belong to."""

    tracks: list[Track]
    timeline: list[Point]


class Face(Schema):
    """One of the most suspicious crops."""

    number: int
    track: int
    time_s: float
    p_fake: float
    picture: str
    heatmap: str


class FaceList(Schema):
    """Face crops, the most suspicious first."""

    items: list[Face]


def address(analysis_id: UUID, *more: str) -> str:
    """Return where an analysis, or something of it, is."""
    return "/".join((ROOT, "analyses", str(analysis_id), *more))


def _state(analysis: Analysis) -> dict[str, object]:
    status = Status(analysis.status)
    progress = Progress(stage=analysis.stage, done=analysis.done, total=analysis.total)
    fault = Fault(code=analysis.error_code, message=analysis.error_message)
    return {
        "id": analysis.pk,
        "status": status.value,
        "queue_place": place(analysis),
        "progress": progress if status == Status.RUNNING else None,
        "label": analysis.label or None,
        "p_fake": analysis.p_fake,
        "error": fault if status == Status.FAILED else None,
    }


def _facts(analysis: Analysis) -> dict[str, object]:
    upload = analysis.upload
    return {
        "file": SentFile(
            name=upload.name,
            sha256=upload.sha256 or None,
            size_bytes=upload.size_bytes if upload.sha256 else None,
            kept=bool(upload.file),
        ),
        "settings": ChosenSettings(
            frames=analysis.frames,
            model=analysis.model,
            start_s=analysis.start_s,
            end_s=analysis.end_s,
            face=list(analysis.face) if analysis.face else None,
        ),
        "batch": analysis.batch_id,
        "created_at": analysis.created_at,
        "started_at": analysis.started_at,
        "finished_at": analysis.finished_at,
        "links": _links(analysis.pk),
    }


def _links(analysis_id: UUID) -> Links:
    reports = {
        f"report_{kind}": address(analysis_id, f"report.{kind}")
        for kind in ("json", "html", "pdf", "csv")
    }
    return Links(
        self=address(analysis_id),
        **{name: address(analysis_id, name) for name in ("events", "timeline", "faces")},
        **reports,
    )
