"""Verdicts → CSV for spreadsheets: one row a file, and one row a point of a timeline."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from facetell.report.statements import all_reasons
from facetell.verdict import Verdict
from facetell.wording import printable

SUMMARY_COLUMNS = (
    "path",
    "label",
    "p_fake",
    "confidence",
    "faces",
    "frames_read",
    "duration_s",
    "reasons",
    "error",
    "sha256",
)
TIMELINE_COLUMNS = ("time_s", "track", "p_fake", "x1_px", "y1_px", "x2_px", "y2_px")

# A cell that starts so is run as a formula by spreadsheet programs (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@")


def summary_header() -> str:
    """The first line of a summary."""
    return _lines([SUMMARY_COLUMNS])


def summary_row(verdict: Verdict) -> str:
    """The line of one file, in the order of SUMMARY_COLUMNS."""
    media, error = verdict.media, verdict.error
    cells = (
        safe_cell(str(verdict.path)),
        verdict.label,
        _decimal(verdict.p_fake, 6),
        _decimal(verdict.confidence, 6),
        str(len(verdict.tracks)),
        str(media.frames_read) if media else "",
        _decimal(media.duration_s if media else None, 3),
        safe_cell("; ".join(all_reasons(verdict.reasons, verdict.warnings))),
        safe_cell(error.message if error else ""),
        verdict.sha256 or "",
    )
    return _lines([cells])


def timeline(verdict: Verdict) -> str:
    """The whole timeline of one file, with its header."""
    rows = (
        (
            _decimal(point.time_s, 3),
            str(point.track),
            _decimal(point.p_fake, 6),
            *(_decimal(edge, 1) for edge in point.box_xyxy),
        )
        for point in verdict.timeline
    )
    return _lines([TIMELINE_COLUMNS, *rows])


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _decimal(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def safe_cell(text: str) -> str:
    """A stranger's text as a cell that no spreadsheet runs, on one line."""
    shown = printable(text)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown
