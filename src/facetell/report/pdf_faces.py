"""One face of a verdict → a page of the PDF report: numbers, line, crops and heat maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from reportlab.platypus import Flowable, PageBreak, Paragraph, Table

from facetell.report.pdf_drawings import timeline
from facetell.report.pdf_layout import NOTE, WIDTH, gap, heading, picture, table
from facetell.report.pdf_text import markup
from facetell.report.pictures import face_jpeg, heat_jpeg
from facetell.report.statements import HEAT_NOTE
from facetell.verdict import Evidence, TrackVerdict, Verdict
from facetell.weights import Thresholds
from facetell.wording import clock, probability, span

NUMBERS = ("p(fake)", "Seen", "Frames", "Quality")
"""What is told of each face, see `numbers`."""

_ACROSS = 2
_GUTTER = 14.0
_ROOM = 504.0
"""Height that is left for pictures under all else on a page, points."""


def numbers(track: TrackVerdict) -> tuple[str, str, str, str]:
    """The cells of a table of faces."""
    seen = span(track.start_s, track.end_s)
    return probability(track.p_fake), seen, str(track.frames), f"{track.quality:.2f}"


def face_page(
    verdict: Verdict, track: TrackVerdict, thresholds: Thresholds | None
) -> list[Flowable]:
    """A page of its own; nothing for a face of which no crop was kept."""
    found = [evidence for evidence in verdict.evidence if evidence.track == track.id]
    if not found:
        return []
    drawing = timeline(verdict, thresholds, (WIDTH, 88), only=track.id)
    return [
        PageBreak(),
        *heading(f"Face {track.id}"),
        table(NUMBERS, [numbers(track)], (0.25, 0.25, 0.25, 0.25)),
        gap(6),
        *([drawing] if drawing else []),
        *heading("Its most suspicious moments", 1),
        Paragraph(markup(HEAT_NOTE), NOTE),
        gap(4),
        _heat_scale(),
        gap(4),
        _grid(found),
    ]


def _heat_scale() -> Flowable:
    """The colours of the heat maps, made just as they are."""
    crop = np.full((8, 256, 3), 168, np.uint8)
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(8, axis=0)
    bar = picture(heat_jpeg(Evidence(0, 0.0, 0.0, crop, ramp)), 90, 7)
    row = [Paragraph("not at all", NOTE), bar, Paragraph("strongly", NOTE)]
    made = Table([row], colWidths=[44, 96, WIDTH - 140], hAlign="LEFT")
    made.setStyle([("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *_TIGHT])
    return made


def _grid(found: Sequence[Evidence]) -> Flowable:
    rows_needed = -(-len(found) // _ACROSS)
    side = min((WIDTH - _GUTTER) / (2 * _ACROSS) - 1, _ROOM / rows_needed - 20)
    cells = [_pair(evidence, side) for evidence in found]
    cells += [[gap(0)]] * (-len(cells) % _ACROSS)
    rows = [cells[at : at + _ACROSS] for at in range(0, len(cells), _ACROSS)]
    made = Table(rows, colWidths=[WIDTH / _ACROSS] * _ACROSS, hAlign="LEFT")
    made.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_TIGHT])
    return made


def _pair(evidence: Evidence, side: float) -> list[Flowable]:
    height, width = evidence.crop.shape[:2]
    scale = side / max(height, width)
    size = width * scale, height * scale
    pair = Table(
        [[picture(face_jpeg(evidence), *size), picture(heat_jpeg(evidence), *size)]],
        colWidths=[size[0] + 2, size[0] + 2],
        hAlign="LEFT",
    )
    pair.setStyle(_TIGHT)
    caption = f"at {clock(evidence.time_s)}, p(fake) {probability(evidence.p_fake)}"
    return [pair, gap(1), Paragraph(markup(caption), NOTE), gap(6)]


_TIGHT = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
]
