"""The timeline as inline SVG: each face's score over time, with the two thresholds.

Everything but the lines is placed in percent, so that text keeps its size on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from facetell.report.style import SERIES
from facetell.verdict import TimelinePoint, Verdict
from facetell.weights import Thresholds
from facetell.wording import clock, probability

# More places than this can't be told apart on a screen.
_BINS = 360
_DOTS = 120
# A face that was away for longer than both isn't joined by a line.
_GAP_S = 2.0
_GAP_STEPS = 3.0


@dataclass(frozen=True, slots=True)
class Bin:
    """The points of one face in one stretch of time."""

    time_s: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Axis:
    """The stretch of time that the chart shows."""

    start_s: float
    end_s: float

    def percent(self, time_s: float) -> float:
        """Where a moment lies, 0 at the left and 100 at the right."""
        return 100 * (time_s - self.start_s) / (self.end_s - self.start_s)


def timeline_chart(verdict: Verdict, thresholds: Thresholds | None) -> str:
    """Draw the chart; empty for a picture or where nothing was scored at two moments."""
    axis = axis_of(verdict)
    if axis is None:
        return ""
    drawn = [track.id for track in verdict.tracks[:SERIES]]
    series = {track: bins(verdict.timeline, track, axis) for track in drawn}
    lines = "".join(_series(number, found, axis) for number, found in enumerate(series.values()))
    return (
        f'<figure><div class="chart"><svg class="plot" role="img" aria-label="{_told(series)}">'
        f"{_zones(thresholds)}{_grid(axis)}{lines}</svg></div>"
        f"{_legend(drawn, len(verdict.tracks), thresholds)}</figure>"
    )


def bins(points: Sequence[TimelinePoint], track: int, axis: Axis) -> list[Bin]:
    """Thin out one face's points: mean, lowest and highest in each stretch that has any."""
    found: dict[int, list[TimelinePoint]] = {}
    for point in points:
        if point.track == track:
            found.setdefault(int(axis.percent(point.time_s) / 100 * _BINS), []).append(point)
    return [_bin(found[place]) for place in sorted(found)]


def _bin(points: Sequence[TimelinePoint]) -> Bin:
    values = [point.p_fake for point in points]
    time_s = sum(point.time_s for point in points) / len(points)
    return Bin(time_s, sum(values) / len(values), min(values), max(values))


def axis_of(verdict: Verdict) -> Axis | None:
    """The time that a chart covers; None where it would show one moment or none."""
    times_s = [point.time_s for point in verdict.timeline]
    if len(set(times_s)) < 2:
        return None
    duration_s = verdict.media.duration_s if verdict.media else None
    return Axis(min(0.0, *times_s), max(duration_s or 0.0, *times_s))


def _grid(axis: Axis) -> str:
    parts = []
    for percent in (0, 25, 50, 75, 100):
        y = 100 - percent
        anchor = {0: "start", 100: "end"}.get(percent, "middle")
        # On a phone only the outer and the middle ones have room.
        kind = ' class="between"' if percent in (25, 75) else ""
        moment = clock(axis.start_s + (axis.end_s - axis.start_s) * percent / 100)
        parts.append(
            f'<line class="grid" x1="0" x2="100%" y1="{y}%" y2="{y}%"/>'
            f'<text x="-8" y="{y}%" dy=".32em" text-anchor="end">{percent / 100:g}</text>'
            f'<text{kind} x="{percent}%" y="100%" dy="1.6em" text-anchor="{anchor}">{moment}</text>'
        )
    return "".join(parts)


def _zones(thresholds: Thresholds | None) -> str:
    if thresholds is None:
        return ""
    fake, real = (1 - thresholds.fake) * 100, (1 - thresholds.real) * 100
    return (
        f'<rect class="zone-fake" width="100%" y="0" height="{fake:.2f}%"/>'
        f'<rect class="zone-real" width="100%" y="{real:.2f}%" height="{100 - real:.2f}%"/>'
        f'<line class="limit fake" x1="0" x2="100%" y1="{fake:.2f}%" y2="{fake:.2f}%"/>'
        f'<line class="limit real" x1="0" x2="100%" y1="{real:.2f}%" y2="{real:.2f}%"/>'
    )


def _series(number: int, found: Sequence[Bin], axis: Axis) -> str:
    stretches = "".join(_stretch(number, part, axis) for part in split_at_gaps(found))
    dots = ""
    if len(found) <= _DOTS:
        dots = "".join(
            f'<circle class="dot-{number}" r="3" cx="{axis.percent(point.time_s):.2f}%" '
            f'cy="{(1 - point.mean) * 100:.2f}%"/>'
            for point in found
        )
    return (
        '<svg width="100%" height="100%" viewBox="0 0 1000 1000" preserveAspectRatio="none">'
        f"{stretches}</svg>{dots}"
    )


def split_at_gaps(found: Sequence[Bin]) -> list[list[Bin]]:
    """Cut where the face was away: the line must not claim what nobody saw."""
    if not found:
        return []
    steps_s = [after.time_s - before.time_s for before, after in pairwise(found)]
    usual_s = sorted(steps_s)[int(len(steps_s) * 0.9)] if steps_s else 0.0
    gap_s = max(_GAP_S, _GAP_STEPS * usual_s)
    parts = [[found[0]]]
    for step_s, point in zip(steps_s, found[1:], strict=True):
        if step_s > gap_s:
            parts.append([])
        parts[-1].append(point)
    return parts


def _stretch(number: int, part: Sequence[Bin], axis: Axis) -> str:
    def at(point: Bin, value: float) -> str:
        return f"{axis.percent(point.time_s) * 10:.1f},{(1 - value) * 1000:.1f}"

    line = " ".join(at(point, point.mean) for point in part)
    upper = [at(point, point.high) for point in part]
    lower = [at(point, point.low) for point in reversed(part)]
    area = " ".join(upper + lower)
    return (
        f'<polygon class="range dot-{number}" points="{area}"/>'
        f'<polyline class="series series-{number}" points="{line}"/>'
    )


def _legend(drawn: Sequence[int], total: int, thresholds: Thresholds | None) -> str:
    faces = "".join(
        f'<li><svg aria-hidden="true"><line class="series series-{number}" x1="0" x2="100%" '
        f'y1="50%" y2="50%"/></svg>face {track}</li>'
        for number, track in enumerate(drawn)
    )
    if total > len(drawn):
        faces += f"<li>and {total - len(drawn)} less suspicious, not drawn</li>"
    zones = ""
    if thresholds is not None:
        zones = _zone("fake", "100%", f"fake from {thresholds.fake:.2f}")
        zones += _zone("real", "0", f"real up to {thresholds.real:.2f}")
    return f'<ul class="legend">{faces}{zones}</ul>'


def _zone(kind: str, limit_y: str, words: str) -> str:
    return (
        f'<li><svg aria-hidden="true"><rect class="zone-{kind}" width="100%" height="100%"/>'
        f'<line class="limit {kind}" x1="0" x2="100%" y1="{limit_y}" y2="{limit_y}"/>'
        f"</svg>{words}</li>"
    )


def _told(series: dict[int, list[Bin]]) -> str:
    """The chart in words, for who can't see it."""
    told = []
    for track, found in series.items():
        if found:
            worst = max(found, key=lambda point: point.mean)
            told.append(
                f"face {track}: between {probability(min(point.mean for point in found))} and "
                f"{probability(worst.mean)}, highest at {clock(worst.time_s)}"
            )
    # "<" and ">" of the shortened numbers mustn't end the attribute.
    words = "; ".join(told).replace("<", "below ").replace(">", "above ")
    return f"p(fake) over time. {words}."
