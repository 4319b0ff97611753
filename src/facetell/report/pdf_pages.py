"""Verdict → the parts of its PDF report, in the order in which they are read."""

from __future__ import annotations

from pathlib import Path

from reportlab.platypus import Flowable, Paragraph, Table

from facetell.options import Options
from facetell.report import facts
from facetell.report.facts import Fact
from facetell.report.pdf_drawings import COLOURS, gauge, icon_drawing, legend, timeline
from facetell.report.pdf_faces import NUMBERS, face_page, numbers
from facetell.report.pdf_layout import (
    H1,
    LEAD,
    NAME,
    NOTE,
    WIDTH,
    Bookmark,
    bullets,
    definitions,
    gap,
    heading,
    prose,
    table,
    warning,
)
from facetell.report.pdf_method import method_pages
from facetell.report.pdf_text import markup
from facetell.report.statements import (
    FACES_LISTED,
    MEANINGS,
    QUALITY_NOTE,
    TIMELINE_NOTE,
    TITLES,
    all_reasons,
    p_fake_told,
    what_it_cannot_tell,
    without_path,
)
from facetell.verdict import Verdict
from facetell.weights import ModelCard, Thresholds
from facetell.wording import counted, escaped


def story(verdict: Verdict, card: ModelCard | None, options: Options | None) -> list[Flowable]:
    """All parts: the verdict, the timeline and faces, the method, and a page for each face."""
    thresholds = card.thresholds if card else None
    return [
        *_verdict(verdict, thresholds),
        *_reasons(verdict),
        *_limits(verdict),
        *_examined(verdict),
        *_timeline(verdict, thresholds),
        *_faces(verdict),
        *(method_pages(card, options) if card and verdict.error is None else ()),
        *(part for track in verdict.tracks for part in face_page(verdict, track, thresholds)),
    ]


def _verdict(verdict: Verdict, thresholds: Thresholds | None) -> list[Flowable]:
    colour = COLOURS[verdict.label]
    title = Paragraph(f'<font color="{colour.hexval()}">{TITLES[verdict.label]}</font>', H1)
    banner = Table([[icon_drawing(verdict.label, 30), title]], colWidths=[42, WIDTH - 42])
    banner.setStyle(
        [
            ("LINEABOVE", (0, 0), (-1, 0), 4, colour, "butt"),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 12),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ]
    )
    number = []
    if verdict.p_fake is not None:
        number = [
            gap(10),
            gauge(verdict.p_fake, thresholds, WIDTH),
            gap(3),
            Paragraph(markup(p_fake_told(verdict)), NOTE),
        ]
    return [
        Bookmark(f"Verdict: {TITLES[verdict.label]}"),
        banner,
        Paragraph(markup(MEANINGS[verdict.label]), LEAD),
        gap(5),
        prose(verdict.path.name, NAME),
        *number,
    ]


def _reasons(verdict: Verdict) -> list[Flowable]:
    parts: list[Flowable] = []
    for reason in all_reasons(verdict.reasons, verdict.warnings):
        if reason in verdict.warnings:
            parts.append(warning(reason))
        else:
            parts += bullets([without_path(reason, verdict.path)])
    return [*heading("Why"), *parts]


def _limits(verdict: Verdict) -> list[Flowable]:
    limits = what_it_cannot_tell(verdict)
    return [*heading("What this can't tell"), *bullets(limits)] if limits else []


def _examined(verdict: Verdict) -> list[Flowable]:
    identity = facts.model_identity(verdict)
    return [
        *heading("The file"),
        definitions([*_names(verdict.path), *facts.file_facts(verdict)]),
        *([*heading("Model and program"), definitions(identity)] if identity else []),
    ]


def _names(path: Path) -> list[Fact]:
    """The file as it was given; letters that look alike or lack a font by their numbers too."""
    names = [Fact("File", str(path))]
    if not path.name.isascii():
        spelled = "".join(c if c.isascii() else escaped(c) for c in path.name)
        names.append(Fact("Name, spelled out", spelled, True))
    return names


def _timeline(verdict: Verdict, thresholds: Thresholds | None) -> list[Flowable]:
    drawing = timeline(verdict, thresholds, (WIDTH, 190))
    if drawing is None:
        return []
    return [
        *heading("p(fake) over time"),
        drawing,
        legend(verdict, thresholds, WIDTH),
        gap(3),
        Paragraph(markup(TIMELINE_NOTE), NOTE),
    ]


def _faces(verdict: Verdict) -> list[Flowable]:
    if not verdict.tracks:
        return []
    rows = [(str(track.id), *numbers(track)) for track in verdict.tracks[:FACES_LISTED]]
    left_out = len(verdict.tracks) - FACES_LISTED
    more = f"And {counted(left_out, 'face')} less suspicious. " if left_out > 0 else ""
    return [
        *heading("Faces"),
        table(("Face", *NUMBERS), rows, (0.2, 0.2, 0.25, 0.17, 0.18)),
        gap(3),
        Paragraph(markup(more + QUALITY_NOTE), NOTE),
    ]
