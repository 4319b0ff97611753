"""The pages of a PDF report put together: header, footer, page numbers, metadata, outline."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, SimpleDocTemplate

from facetell.options import Options
from facetell.report.pdf_drawings import COLOURS
from facetell.report.pdf_layout import MARGIN, PAGE
from facetell.report.pdf_pages import story
from facetell.report.pdf_text import BOLD, MONO, SANS, register_fonts
from facetell.report.statements import TITLES
from facetell.verdict import Verdict
from facetell.weights import ModelCard
from facetell.wording import printable

_COUNT = "page-count"
# reportlab keeps fonts in one registry of the process: two reports at once would mix their letters.
_ONE_AT_A_TIME = threading.Lock()


def build(
    verdict: Verdict, card: ModelCard | None, made_at: datetime, options: Options | None
) -> bytes:
    """Write the whole document; see `pdf.render_pdf`."""
    made_utc = made_at.astimezone(UTC)
    furnish = partial(_furnish, verdict=verdict, made_utc=made_utc)
    out = BytesIO()
    with _ONE_AT_A_TIME:
        register_fonts()
        document = SimpleDocTemplate(out, **_page(), **_metadata(verdict))
        parts = [*story(verdict, card, options), _PageCount()]
        document.build(parts, onFirstPage=furnish, onLaterPages=furnish)
    return out.getvalue()


def _page() -> dict[str, Any]:
    return {
        "pagesize": PAGE,
        "leftMargin": MARGIN - 6,  # a frame adds 6 points of its own
        "rightMargin": MARGIN - 6,
        "topMargin": 18 * mm,
        "bottomMargin": 15 * mm,
    }


def _metadata(verdict: Verdict) -> dict[str, Any]:
    name = printable(verdict.path.name)
    sha256 = verdict.sha256 or "not computed"
    return {
        "title": f"{TITLES[verdict.label]}: {name} - facetell report",
        "author": "facetell",
        "subject": f"Whether the faces in {name} are real. SHA-256 of the file: {sha256}",
        "creator": f"facetell {verdict.facetell_version}",
        "keywords": sha256,
        "lang": "en",
        "displayDocTitle": 1,
        "initialFontName": SANS,
        "invariant": 1,  # no clock and no chance in the file
    }


def _furnish(canvas: Any, _document: Any, *, verdict: Verdict, made_utc: datetime) -> None:
    """Draw what stands on every page, and date the document."""
    canvas.setDateFormatter(lambda *_: made_utc.strftime("D:%Y%m%d%H%M%S+00'00'"))
    left, right, top = MARGIN, PAGE[0] - MARGIN, PAGE[1] - 12 * mm
    canvas.saveState()
    canvas.setFillColor(COLOURS["text"])
    canvas.setFont(BOLD, 8.5)
    canvas.drawString(left, top, "facetell report")
    canvas.setFillColor(COLOURS["muted"])
    canvas.setFont(SANS, 8)
    canvas.drawRightString(right, top, f"made {made_utc:%Y-%m-%d %H:%M:%S} UTC")
    canvas.setStrokeColor(COLOURS["line"])
    canvas.setLineWidth(0.5)
    canvas.line(left, 13.5 * mm, right, 13.5 * mm)
    canvas.drawString(left, 9.5 * mm, "SHA-256 of the file")
    canvas.drawRightString(right - 11, 9.5 * mm, f"page {canvas.getPageNumber()} of")
    canvas.setFont(MONO, 7.2)
    canvas.drawString(left + 76, 9.5 * mm, verdict.sha256 or "not computed")
    canvas.translate(right - 9, 9.5 * mm)
    canvas.doForm(_COUNT)
    canvas.restoreState()


class _PageCount(Flowable):  # type: ignore[misc]
    """The number of the last page, filled in where every footer leaves room for it."""

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Take no room."""
        return 0.0, 0.0

    def draw(self) -> None:
        """Define the form that the footers show."""
        canvas = self.canv
        count = str(canvas.getPageNumber())
        canvas.beginForm(_COUNT)
        canvas.setFillColor(COLOURS["muted"])
        canvas.setFont(SANS, 8)
        canvas.drawString(0, 0, count)
        canvas.endForm()
