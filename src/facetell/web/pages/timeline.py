"""Findings → where everything lies in the chart of p(fake) over time; places as in `scale`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from facetell.report.chart import Axis, Bin, bins, split_at_gaps
from facetell.verdict import Label, label_of
from facetell.web.pages.findings import Face, Findings
from facetell.web.pages.scale import QUARTERS, Scale, Tick, from_top, percent, scale_of
from facetell.weights import Thresholds
from facetell.wording import clock, probability

MOST_MARKS = 120
"""Beyond so many the moments of one face run together; the line alone is clearer."""
MOST_ROWS = 400
"""Lines of the table; all moments are in the CSV file."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A face's line while it was in sight: SVG points in a square of 1000, mean and range."""

    line: str
    area: str


@dataclass(frozen=True, slots=True)
class Line:
    """One face in the chart."""

    face: Face
    stretches: tuple[Stretch, ...]
    marks: tuple[tuple[str, str], ...]
    lowest: str
    highest: str
    highest_at: str


@dataclass(frozen=True, slots=True)
class Row:
    """One face at one moment, for the table."""

    time_s: float
    when: str
    track: int
    p_fake: float
    label: Label | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The chart.

    Attributes:
        axis: the time that it shows.
        lines: of the most suspicious faces.
        not_drawn: how many faces have no line.
        across: times along the foot.
        scale: the numbers along the side, and the thresholds.
        rows: the same as a table, at most `MOST_ROWS`.
        rows_left_out: how many are missing there.
    """

    axis: Axis
    lines: tuple[Line, ...]
    not_drawn: int
    across: tuple[Tick, ...]
    scale: Scale
    rows: tuple[Row, ...]
    rows_left_out: int


def timeline_of(findings: Findings) -> Timeline | None:
    """Place a result's timeline; None where it would show one moment or none."""
    if (axis := axis_of(findings)) is None:
        return None
    limits = findings.thresholds
    seen = {point.track for point in findings.points}
    drawn = [f for f in findings.faces if f.series is not None and f.track in seen]
    return Timeline(
        axis=axis,
        lines=tuple(_line(face, findings, axis) for face in drawn),
        not_drawn=len(findings.faces) - len(drawn),
        across=tuple(_across(share, axis) for share in QUARTERS),
        scale=scale_of(limits),
        rows=tuple(_rows(findings, limits)),
        rows_left_out=max(0, len(findings.points) - MOST_ROWS),
    )


def axis_of(findings: Findings) -> Axis | None:
    """Return the time that the chart covers: what was analysed."""
    times_s = [point.time_s for point in findings.points]
    if len(set(times_s)) < 2:
        return None
    media = findings.document["media"] or {}
    start_s, end_s = findings.stretch_s or (0.0, media.get("duration_s") or 0.0)
    return Axis(min(start_s, *times_s), max(end_s, *times_s))


def script_data(findings: Findings, timeline: Timeline | None) -> dict[str, Any]:
    """Return what the player's script needs; see player.js.

    Each point is time, p(fake), left, top, right and bottom of its box.
    """
    media, limits = findings.document["media"] or {}, findings.thresholds
    axis = timeline.axis if timeline else Axis(0.0, media.get("duration_s") or 0.0)
    return {
        "width": media.get("width", 0),
        "height": media.get("height", 0),
        "frame_s": 1 / (media.get("fps") or 25),
        "start_s": axis.start_s,
        "end_s": axis.end_s,
        "fake": limits.fake if limits else None,
        "real": limits.real if limits else None,
        "faces": [
            {"track": face.track, "series": face.series, "points": _points(findings, face.track)}
            for face in findings.faces
        ],
    }


def _points(findings: Findings, track: int) -> list[list[float]]:
    return [
        [point.time_s, point.p_fake, *point.box_xyxy]
        for point in findings.points
        if point.track == track
    ]


def _across(share: int, axis: Axis) -> Tick:
    moment = clock(axis.start_s + (axis.end_s - axis.start_s) * share / 100)
    return Tick(str(share), moment, {0: "start", 100: "end"}.get(share, "middle"))


def _line(face: Face, findings: Findings, axis: Axis) -> Line:
    found = bins(findings.points, face.track, axis)
    worst = max(found, key=lambda moment: moment.mean)
    marks: tuple[tuple[str, str], ...] = ()
    if len(found) <= MOST_MARKS:
        marks = tuple(
            (percent(axis.percent(moment.time_s)), from_top(moment.mean)) for moment in found
        )
    return Line(
        face=face,
        stretches=tuple(_stretch(part, axis) for part in split_at_gaps(found)),
        marks=marks,
        lowest=probability(min(moment.mean for moment in found)),
        highest=probability(worst.mean),
        highest_at=clock(worst.time_s),
    )


def _stretch(part: Sequence[Bin], axis: Axis) -> Stretch:
    def at(moment: Bin, value: float) -> str:
        return f"{axis.percent(moment.time_s) * 10:.1f},{(1 - value) * 1000:.1f}"

    upper = [at(moment, moment.high) for moment in part]
    lower = [at(moment, moment.low) for moment in reversed(part)]
    return Stretch(" ".join(at(moment, moment.mean) for moment in part), " ".join(upper + lower))


def _rows(findings: Findings, limits: Thresholds | None) -> list[Row]:
    return [
        Row(
            time_s=point.time_s,
            when=clock(point.time_s),
            track=point.track,
            p_fake=point.p_fake,
            label=label_of(point.p_fake, limits) if limits else None,
        )
        for point in findings.points[:MOST_ROWS]
    ]
