"""Icons, gauge and timeline as vector drawings, for the PDF report."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.graphics import shapes
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth

from facetell.report.chart import Axis, Bin, axis_of, bins, split_at_gaps
from facetell.report.pdf_text import BOLD, SANS
from facetell.report.style import DASHES, LIGHT, SERIES
from facetell.verdict import Label, Verdict
from facetell.weights import Thresholds
from facetell.wording import clock, probability

COLOURS: dict[str, Color] = {name: HexColor(value) for name, value in LIGHT.items()}

_LEFT, _BOTTOM, _TOP = 24.0, 16.0, 6.0
_SMALL = 7.5


def text(
    x: float, y: float, words: str, *, anchor: str = "start", bold: bool = False, size: float = 8.0
) -> shapes.String:
    """Plain words in a drawing; the bold ones in the colour of text, the others muted."""
    return shapes.String(
        x,
        y,
        words,
        fontName=BOLD if bold else SANS,
        fontSize=size,
        textAnchor=anchor,
        fillColor=COLOURS["text" if bold else "muted"],
    )


def icon_drawing(label: Label, side: float) -> shapes.Drawing:
    """The shape that stands for a label, as in `icons`: no verdict is told by colour alone."""
    drawing = shapes.Drawing(side, side)
    group = shapes.Group(*_icon(label, COLOURS[label]))
    group.scale(side / 24, side / 24)
    drawing.add(group)
    return drawing


def _icon(label: Label, colour: Color) -> list[shapes.Shape]:
    """Shape and sign on a square of 24, y upwards."""
    fill = {"fillColor": colour, "strokeColor": None}
    if label == "fake":
        triangle = shapes.Polygon([12, 22.5, 23.5, 2, 0.5, 2], **fill)
        return [triangle, _sign(12, 15, 12, 8.5), _sign(12, 6, 12, 4.8)]
    if label == "real":
        return [shapes.Circle(12, 12, 11, **fill), _sign(6.8, 11.6, 10.4, 8, 17.4, 15)]
    if label == "inconclusive":
        diamond = shapes.Polygon([12, 23.5, 23.5, 12, 12, 0.5, 0.5, 12], **fill)
        dots = [shapes.Circle(x, 12, 1.3, fillColor=COLOURS["surface"]) for x in (7.6, 12, 16.4)]
        for dot in dots:
            dot.strokeColor = None
        return [diamond, *dots]
    if label == "no_face":
        return [shapes.Circle(12, 12, 11, **fill), _sign(7, 12, 17, 12)]
    square = shapes.Rect(1, 1, 22, 22, rx=3, ry=3, **fill)
    return [square, _sign(7.5, 7.5, 16.5, 16.5), _sign(7.5, 16.5, 16.5, 7.5)]


def _sign(*points: float) -> shapes.PolyLine:
    return shapes.PolyLine(
        list(points),
        strokeColor=COLOURS["surface"],
        strokeWidth=2.4,
        strokeLineCap=1,
        strokeLineJoin=1,
    )


def gauge(p_fake: float, thresholds: Thresholds | None, width: float) -> shapes.Drawing:
    """A bar from real to fake with the verdict's place on it."""
    drawing = shapes.Drawing(width, 45)
    drawing.add(_rectangle(0, 14, width, 10, "sunken"))
    if thresholds is None:
        drawing.add(text(0, 2, "0: real"))
        drawing.add(text(width, 2, "1: fake", anchor="end"))
    else:
        real, fake = thresholds.real * width, thresholds.fake * width
        drawing.add(_rectangle(0, 14, real, 10, "real", 0.6))
        drawing.add(_rectangle(fake, 14, width - fake, 10, "fake", 0.6))
        drawing.add(text(0, 2, f"real up to {thresholds.real:.2f}"))
        drawing.add(text((real + fake) / 2, 2, "inconclusive", anchor="middle"))
        drawing.add(text(width, 2, f"fake from {thresholds.fake:.2f}", anchor="end"))
    x = p_fake * width
    anchor = "start" if p_fake < 0.15 else "end" if p_fake > 0.85 else "middle"
    drawing.add(text(x, 33, f"p(fake) {probability(p_fake)}", anchor=anchor, bold=True, size=11))
    drawing.add(_needle(x, 20))
    return drawing


def _needle(x: float, y: float) -> shapes.Polygon:
    corners = [x, y, x - 5, y + 10, x + 5, y + 10]
    return shapes.Polygon(
        corners, fillColor=COLOURS["text"], strokeColor=COLOURS["surface"], strokeWidth=0.8
    )


def _rectangle(
    x: float, y: float, width: float, height: float, colour: str, opacity: float = 1.0
) -> shapes.Rect:
    return shapes.Rect(
        x, y, width, height, fillColor=COLOURS[colour], fillOpacity=opacity, strokeColor=None
    )


def timeline(
    verdict: Verdict,
    thresholds: Thresholds | None,
    size: tuple[float, float],
    only: int | None = None,
) -> shapes.Drawing | None:
    """Each face's score over time, as `chart` draws it for pages.

    Args:
        verdict: what is drawn.
        thresholds: shown as two zones, if known.
        size: width and height, points.
        only: the one track to draw; by default the most suspicious ones.

    Returns:
        None for a picture or where nothing was scored at two moments.
    """
    if (axis := axis_of(verdict)) is None:
        return None
    width, height = size
    plot = _Plot(axis, width - _LEFT, height - _BOTTOM - _TOP)
    drawing = shapes.Drawing(width, height)
    for shape in (*plot.zones(thresholds), *plot.grid()):
        drawing.add(shape)
    for number, track in drawn(verdict, only):
        for shape in plot.series(number, bins(verdict.timeline, track, axis)):
            drawing.add(shape)
    return drawing


def drawn(verdict: Verdict, only: int | None = None) -> list[tuple[int, int]]:
    """Which tracks have a line, each with the number of its colour and dashes."""
    numbered = [(number % SERIES, track.id) for number, track in enumerate(verdict.tracks)]
    if only is None:
        return numbered[:SERIES]
    return [(number, track) for number, track in numbered if track == only]


class _Plot:
    """The place of moments and scores on paper."""

    def __init__(self, axis: Axis, width: float, height: float) -> None:
        self._axis = axis
        self._width = width
        self._height = height

    def at(self, time_s: float, p_fake: float) -> tuple[float, float]:
        return _LEFT + self._axis.percent(time_s) / 100 * self._width, self.y(p_fake)

    def y(self, p_fake: float) -> float:
        return _BOTTOM + p_fake * self._height

    def zones(self, thresholds: Thresholds | None) -> list[shapes.Shape]:
        if thresholds is None:
            return []
        found: list[shapes.Shape] = []
        for kind, limit, low, high in (
            ("fake", thresholds.fake, thresholds.fake, 1.0),
            ("real", thresholds.real, 0.0, thresholds.real),
        ):
            height = self.y(high) - self.y(low)
            found.append(_rectangle(_LEFT, self.y(low), self._width, height, kind, 0.13))
            found.append(self._level(limit, kind, 1.0))
        return found

    def grid(self) -> list[shapes.Shape]:
        found: list[shapes.Shape] = []
        for percent in (0, 25, 50, 75, 100):
            share = percent / 100
            x, y = _LEFT + share * self._width, self.y(share)
            moment = clock(self._axis.start_s + (self._axis.end_s - self._axis.start_s) * share)
            anchor = {0: "start", 100: "end"}.get(percent, "middle")
            found.append(self._level(share, "line", 0.5))
            found.append(text(_LEFT - 5, y - 2.6, f"{share:g}", anchor="end", size=_SMALL))
            found.append(text(x, 4, moment, anchor=anchor, size=_SMALL))
        return found

    def _level(self, p_fake: float, colour: str, width: float) -> shapes.Line:
        y, right = self.y(p_fake), _LEFT + self._width
        return shapes.Line(_LEFT, y, right, y, strokeColor=COLOURS[colour], strokeWidth=width)

    def series(self, number: int, found: Sequence[Bin]) -> list[shapes.Shape]:
        shown: list[shapes.Shape] = []
        colour = COLOURS[f"series-{number}"]
        for part in split_at_gaps(found):
            shown += [self._band(part, colour), *self._line(part, number)]
        return shown

    def _band(self, part: Sequence[Bin], colour: Color) -> shapes.Shape:
        upper = [self.at(point.time_s, point.high) for point in part]
        lower = [self.at(point.time_s, point.low) for point in reversed(part)]
        corners = [edge for corner in (*upper, *lower) for edge in corner]
        return shapes.Polygon(corners, fillColor=colour, fillOpacity=0.16, strokeColor=None)

    def _line(self, part: Sequence[Bin], number: int) -> list[shapes.Shape]:
        places = [self.at(point.time_s, point.mean) for point in part]
        colour = COLOURS[f"series-{number}"]
        dots = [shapes.Circle(x, y, 1.4, fillColor=colour, strokeColor=None) for x, y in places]
        if len(places) < 2:
            return dots
        corners = [edge for place in places for edge in place]
        line = shapes.PolyLine(corners, strokeColor=colour, strokeWidth=1.3, strokeLineJoin=1)
        line.strokeDashArray = dashes(number)
        return [line, *(dots if len(dots) <= 60 else ())]


def dashes(number: int) -> list[int] | None:
    """The dashes of a series; None for an unbroken line."""
    return None if DASHES[number] == "none" else [int(part) for part in DASHES[number].split()]


def legend(verdict: Verdict, thresholds: Thresholds | None, width: float) -> shapes.Drawing:
    """What line is which face, and what the zones mean."""
    entries = [(f"face {track}", _line_sample(number)) for number, track in drawn(verdict)]
    left_out = len(verdict.tracks) - len(entries)
    if left_out > 0:
        entries.append((f"and {left_out} less suspicious, not drawn", None))
    if thresholds is not None:
        entries.append((f"fake from {thresholds.fake:.2f}", _rectangle(0, 0, 20, 7, "fake", 0.3)))
        entries.append((f"real up to {thresholds.real:.2f}", _rectangle(0, 0, 20, 7, "real", 0.3)))
    return _in_rows(entries, width)


def _in_rows(entries: Sequence[tuple[str, shapes.Shape | None]], width: float) -> shapes.Drawing:
    placed, x, row = [], 0.0, 0
    for words, sample in entries:
        needed = (26 if sample else 0) + stringWidth(words, SANS, 8) + 14
        if x + needed > width and x:
            x, row = 0.0, row + 1
        placed.append((x, row, words, sample))
        x += needed
    drawing = shapes.Drawing(width, (row + 1) * 13)
    for x, at_row, words, sample in placed:
        y = (row - at_row) * 13 + 3
        if sample is not None:
            drawing.add(shapes.Group(sample, transform=(1, 0, 0, 1, x, y)))
        drawing.add(text(x + (26 if sample else 0), y, words))
    return drawing


def _line_sample(number: int) -> shapes.Line:
    line = shapes.Line(0, 3, 20, 3, strokeColor=COLOURS[f"series-{number}"], strokeWidth=1.6)
    line.strokeDashArray = dashes(number)
    return line
