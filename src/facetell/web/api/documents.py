"""The command line's JSON, as docs/json.md describes it, for the OpenAPI document.

Keys may be added to that JSON without a new version, so none is dropped here.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Label = Literal["fake", "real", "inconclusive", "no_face"]


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Media(_Open):
    """What was read."""

    duration_s: float | None
    width: int
    height: int
    fps: float | None
    frames_read: int


class Track(_Open):
    """One face over time."""

    id: int
    p_fake: float | None = Field(description="0 to 1, calibrated for this face alone")
    start_s: float | None
    end_s: float | None
    frames: int
    quality: float | None


class Point(_Open):
    """One face at one moment."""

    time_s: float | None
    track: int
    p_fake: float | None
    box_xyxy: list[float | None] = Field(
        description="left, top, right, bottom in pixels of the displayed frame"
    )


class Selection(_Open):
    """The stretch that was analysed."""

    start_s: float | None
    end_s: float | None


class UsedModel(_Open):
    """Which model judged."""

    name: str
    version: str
    sha256: str
    members: list[UsedModel] = []


class Document(_Open):
    """What `facetell scan --json` prints; docs/json.md describes each key."""

    schema_version: int
    path: str
    sha256: str | None
    label: Label
    p_fake: float | None
    confidence: float | None
    media: Media | None
    tracks: list[Track]
    timeline: list[Point]
    reasons: list[str]
    warnings: list[str] = []
    selection: Selection | None
    model: UsedModel | None
    facetell_version: str
    elapsed_s: float | None
    error: None
