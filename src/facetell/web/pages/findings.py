"""A stored result → what its page shows, in the order in which one reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.utils.functional import Promise

from facetell.errors import FacetellError
from facetell.options import FacePoint
from facetell.report.style import SERIES
from facetell.verdict import Label, TimelinePoint, label_of
from facetell.web.analyses.choices import models
from facetell.web.analyses.models import Analysis
from facetell.web.pages.words import LIMITS
from facetell.weights import ModelCard, Thresholds
from facetell.wording import span


@dataclass(frozen=True, slots=True)
class Crop:
    """A face as the model saw it; its pictures are number `number` of the analysis."""

    number: int
    time_s: float
    p_fake: float


@dataclass(frozen=True, slots=True)
class Face:
    """One face over time.

    Attributes:
        track: its number in the file.
        series: number of its colour and shape; None if it is not drawn in the timeline.
        p_fake: 0–1, for this face alone.
        label: the side of the thresholds on which it lies by itself; None without thresholds.
        seen: the stretch in which it was scored, in words.
        frames: in how many frames.
        quality: 0–1, of its pictures.
        crops: its most suspicious moments.
    """

    track: int
    series: int | None
    p_fake: float
    label: Label | None
    seen: str
    frames: int
    quality: float
    crops: tuple[Crop, ...]


@dataclass(frozen=True)
class Findings:
    """What an analysis that is done found.

    Attributes:
        document: the command line's JSON.
        pictures: what the worker drew; see `artifacts`.
        card: of the model that judged; None if this server no longer has that very model.
    """

    document: dict[str, Any]
    pictures: dict[str, Any]
    card: ModelCard | None

    @property
    def label(self) -> Label:
        """The verdict."""
        return cast("Label", self.document["label"])

    @property
    def p_fake(self) -> float | None:
        """0–1, for all that was analysed; None without a face."""
        return cast("float | None", self.document["p_fake"])

    @property
    def thresholds(self) -> Thresholds | None:
        """From where on the model says fake, and up to where real."""
        return self.card.thresholds if self.card else None

    @property
    def warnings(self) -> list[str]:
        """What went wrong without stopping the analysis."""
        return cast("list[str]", self.document.get("warnings", []))

    @property
    def reasons(self) -> list[str]:
        """What the verdict rests on, but for the warnings."""
        return [reason for reason in self.document["reasons"] if reason not in self.warnings]

    @property
    def limits(self) -> tuple[str | Promise, ...]:
        """What it cannot see: what holds for every model, then for this one."""
        return (*LIMITS, *(self.card.limits if self.card else ()))

    @property
    def stretch_s(self) -> tuple[float, float] | None:
        """The stretch that was analysed; None if it was all of the video."""
        part = self.document.get("selection") or {}
        if part.get("start_s") is None or part.get("end_s") is None:
            return None
        return part["start_s"], part["end_s"]

    @property
    def face(self) -> FacePoint | None:
        """The one face that was judged; None if all were."""
        face = (self.document.get("selection") or {}).get("face")
        return (face["time_s"], face["x_px"], face["y_px"]) if face else None

    def place_of(self, track: int) -> FacePoint | None:
        """Return a time and a point at which a face is: in the middle of its scored moments."""
        own = [point for point in self.points if point.track == track]
        if not own:
            return None
        left, top, right, bottom = own[len(own) // 2].box_xyxy
        return own[len(own) // 2].time_s, (left + right) / 2, (top + bottom) / 2

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The most suspicious first."""
        return tuple(map(self._face, range(len(self.document["tracks"]))))

    @cached_property
    def points(self) -> tuple[TimelinePoint, ...]:
        """The timeline; in it stands each face's mean quality for that of its moments."""
        quality = {track["id"]: track["quality"] for track in self.document["tracks"]}
        return tuple(
            TimelinePoint(
                time_s=point["time_s"],
                track=point["track"],
                p_fake=point["p_fake"],
                box_xyxy=cast("tuple[float, float, float, float]", tuple(point["box_xyxy"])),
                quality=quality.get(point["track"], 0.0),
            )
            for point in self.document["timeline"]
            if None not in (point["time_s"], point["p_fake"], *point["box_xyxy"])
        )

    @property
    def frames(self) -> Sequence[dict[str, Any]]:
        """The sampled frames that were kept, by time."""
        return cast("Sequence[dict[str, Any]]", self.pictures.get("frames", ()))

    def _face(self, place: int) -> Face:
        track = self.document["tracks"][place]
        crops = (
            Crop(number, found["time_s"], found["p_fake"])
            for number, found in enumerate(self.pictures.get("faces", ()))
            if found["track"] == track["id"]
        )
        return Face(
            track=track["id"],
            series=place if place < SERIES else None,
            p_fake=track["p_fake"],
            label=label_of(track["p_fake"], self.thresholds) if self.thresholds else None,
            seen=span(track["start_s"], track["end_s"]),
            frames=track["frames"],
            quality=track["quality"],
            crops=tuple(crops),
        )


def findings_of(analysis: Analysis) -> Findings:
    """Read the result of an analysis that is done."""
    result = analysis.result
    return Findings(result.document, result.pictures, card_of(result.document))


def card_of(document: dict[str, Any]) -> ModelCard | None:
    """Return the card of the model that judged; None if that very model is not here any more."""
    model = document["model"]
    try:
        card = models().get(model["name"]) if model else None
    except FacetellError:  # a card that cannot be read hides thresholds, and no result
        return None
    return card if card is not None and card.sha256 == model["sha256"] else None
