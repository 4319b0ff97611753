"""Findings and the upload → what stands on the stage: the video, a picture, or sampled frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facetell.verdict import Label, TimelinePoint, label_of
from facetell.web.analyses.models import Upload
from facetell.web.pages.findings import Findings
from facetell.web.pages.media import upload_path
from facetell.web.pages.sniffing import media_type_of
from facetell.wording import clock, probability

Kind = Literal["video", "picture", "frames", "nothing"]

SAME_MOMENT_S = 0.002
"""Times have three decimals: a frame and a face within this belong together."""


@dataclass(frozen=True, slots=True)
class Box:
    """A scored face in a picture; sides in pixels of the displayed picture, as strings for SVG."""

    track: int
    left: str
    top: str
    width: str
    height: str
    number: str
    label: Label | None


@dataclass(frozen=True, slots=True)
class Shot:
    """A sampled frame that was kept, its number among the stored pictures, and its faces."""

    number: int
    time_s: float
    when: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """What can be looked at.

    Attributes:
        kind: "video" for what a browser may play, "picture" for what it shows, "frames" where only
            sampled frames are left to show, else "nothing".
        media_type: of the upload.
        width, height: of the displayed picture, pixels.
        boxes: of a picture.
        shots: sampled frames, by time.
        deleted: whether the upload is gone.
    """

    kind: Kind
    media_type: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    shots: tuple[Shot, ...]
    deleted: bool

    @property
    def letter(self) -> int:
        """Height of letters in a picture, in its own pixels: readable at a phone's width too."""
        return max(9, round(max(self.width, self.height) / 30))


def stage_of(findings: Findings, upload: Upload, with_media: bool = True) -> Stage:
    """Tell what there is to look at.

    Args:
        findings: of the analysis.
        upload: what was analysed.
        with_media: False hides the upload and its frames, as a shared page may.
    """
    path = upload_path(upload)
    media_type = media_type_of(path) if path and with_media else ""
    media = findings.document["media"] or {}
    numbers = range(len(findings.frames) if with_media else 0)
    shots = tuple(_shot(findings, number) for number in numbers)
    kind = _kind(findings, media_type, bool(shots))
    return Stage(
        kind=kind,
        media_type=media_type,
        width=media.get("width", 0),
        height=media.get("height", 0),
        boxes=tuple(_box(p, findings) for p in findings.points) if kind == "picture" else (),
        shots=shots,
        deleted=path is None,
    )


def _kind(findings: Findings, media_type: str, has_shots: bool) -> Kind:
    media = findings.document["media"] or {}
    if media_type.startswith("video/"):
        return "video"
    # an animation shows its frames one by one: a browser lets nobody hold it
    if media_type.startswith("image/") and media.get("frames_read") == 1:
        return "picture"
    return "frames" if has_shots else "nothing"


def _shot(findings: Findings, number: int) -> Shot:
    time_s = float(findings.frames[number]["time_s"])
    near = [point for point in findings.points if abs(point.time_s - time_s) < SAME_MOMENT_S]
    boxes = tuple(_box(point, findings) for point in near)
    return Shot(number, time_s, clock(time_s), boxes)


def _box(point: TimelinePoint, findings: Findings) -> Box:
    left, top, right, bottom = point.box_xyxy
    limits = findings.thresholds
    return Box(
        track=point.track,
        left=f"{left:.1f}",
        top=f"{top:.1f}",
        width=f"{right - left:.1f}",
        height=f"{bottom - top:.1f}",
        number=probability(point.p_fake),
        label=label_of(point.p_fake, limits) if limits else None,
    )
