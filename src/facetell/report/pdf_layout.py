"""The look of a PDF report: measures, type, tables, and marks for the outline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, Paragraph, Spacer, Table

from facetell.report.facts import Fact
from facetell.report.pdf_drawings import COLOURS
from facetell.report.pdf_text import (
    BOLD,
    MONO,
    SANS,
    SERIF,
    ShapedText,
    markup,
    needs_shaping,
    runs,
)

PAGE = A4
MARGIN = 19 * mm
WIDTH = PAGE[0] - 2 * MARGIN


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    # Long hashes, paths and words break rather than run out of the page.
    kept = {"fontName": SANS, "textColor": COLOURS["text"], "splitLongWords": 1}
    kept |= {"bulletFontName": SANS} | more
    return ParagraphStyle(name, fontSize=size, leading=leading, **kept)


BODY = _style("body", 9, 12.6)
LEAD = _style("lead", 11, 15.5)
NAME = _style("name", 10.5, 14.7)
NOTE = _style("note", 8, 11.2, textColor=COLOURS["muted"])
LABEL = _style("label", 8.6, 12.4, textColor=COLOURS["muted"])
CELL = _style("cell", 8.6, 12.4)
HASH = _style("hash", 7.8, 12.4, fontName=MONO)
NUMBER = _style("number", 8.6, 12.4, alignment=2)
HEAD = _style("head", 8.6, 12.4, fontName=BOLD, textColor=COLOURS["muted"])
HEAD_NUMBER = _style("head-number", 8.6, 12.4, parent=HEAD, fontName=BOLD, alignment=2,
    textColor=COLOURS["muted"])  # fmt: skip
H1 = _style("h1", 26, 30, fontName=SERIF)
H2 = _style("h2", 13.5, 17, fontName=SERIF, spaceBefore=11, spaceAfter=4, keepWithNext=1)
H3 = _style("h3", 10.5, 14, fontName=SERIF, spaceBefore=9, spaceAfter=3, keepWithNext=1)
BULLET = _style("bullet", 9, 12.2, leftIndent=11, bulletIndent=1, spaceAfter=1.8)
WARNING = _style("warning", 9, 12.6)


class Bookmark(Flowable):  # type: ignore[misc]
    """An entry of the outline; it takes no room."""

    def __init__(self, title: str, level: int = 0) -> None:
        super().__init__()
        self._title = title
        self._level = level

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Take no room."""
        return 0.0, 0.0

    def draw(self) -> None:
        """Mark this place."""
        key = f"{self._title}-{self.canv.getPageNumber()}"
        self.canv.bookmarkHorizontal(key, 0, 24)
        self.canv.addOutlineEntry(self._title, key, self._level, closed=False)


def heading(words: str, level: int = 0) -> list[Flowable]:
    """A section's heading, and its entry in the outline."""
    mark = Bookmark(words, level)
    mark.keepWithNext = 1
    return [mark, Paragraph(markup(words), H2 if level == 0 else H3)]


def bullets(items: Iterable[str]) -> list[Flowable]:
    """A list of sentences."""
    return [Paragraph(markup(item), BULLET, bulletText="•") for item in items]


def warning(words: str) -> Flowable:
    """A sentence that must not be overlooked."""
    told = Paragraph(f'<font name="{BOLD}">Warning:</font> {markup(words)}', WARNING)
    box = Table([[told]], splitInRow=1)
    box.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), COLOURS["sunken"]),
            ("LINEBEFORE", (0, 0), (0, -1), 3, COLOURS["inconclusive"], "butt"),
            ("LEFTPADDING", (0, 0), (-1, -1), 9),
        ]
    )
    box.spaceAfter = 4
    return box


def definitions(facts: Iterable[Fact]) -> Flowable:
    """Names at the left, values at the right."""
    rows = [
        [Paragraph(markup(fact.name), LABEL), prose(fact.value, HASH if fact.is_hash else CELL)]
        for fact in facts
    ]
    return _lined(Table(rows, colWidths=[92, WIDTH - 92], style=_PLAIN, splitInRow=1))


def prose(words: str, style: ParagraphStyle) -> Flowable:
    """A paragraph, or what can join letters where the script of the words asks for that."""
    if needs_shaping(words):
        return ShapedText(runs(words), style)
    return Paragraph(markup(words), style)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]) -> Flowable:
    """A table whose first column and whose last, if it is wide, hold words and the others numbers.

    Args:
        head: words above the columns.
        rows: plain texts.
        widths: of the columns, as shares of the page's width.
    """
    words = [number == 0 or share >= 0.3 for number, share in enumerate(widths)]
    top = [
        Paragraph(markup(name), HEAD if left else HEAD_NUMBER)
        for name, left in zip(head, words, strict=True)
    ]
    cells = [
        [
            Paragraph(markup(value), CELL if left else NUMBER)
            for value, left in zip(row, words, strict=True)
        ]
        for row in rows
    ]
    columns = [share * WIDTH for share in widths]
    made = Table([top, *cells], colWidths=columns, style=_PLAIN, repeatRows=1, splitInRow=1)
    return _lined(made)


_PLAIN = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (0, -1), 0),
    ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 1.6),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
]


def _lined(made: Table) -> Table:
    made.setStyle([("LINEBELOW", (0, 0), (-1, -2), 0.4, COLOURS["line"])])
    made.hAlign = "LEFT"
    return made


def picture(jpeg: bytes, width: float, height: float) -> Image:
    """A JPEG picture; it is embedded as it is."""
    return Image(BytesIO(jpeg), width=width, height=height)


def gap(height: float) -> Spacer:
    """Empty room, points."""
    return Spacer(1, height)
