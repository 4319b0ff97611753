"""Verdicts → a directory: for each file report.html, .json, .pdf, timeline.csv, faces/*.jpg.

One input fills the directory itself; several get a folder each, with index.html and summary.csv
beside them.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from facetell.options import Options
from facetell.report import csv_report, json_report
from facetell.report.html import IndexEntry, render, render_index
from facetell.report.pdf import render_pdf
from facetell.report.pictures import face_jpeg, heat_jpeg
from facetell.report.statements import without_path
from facetell.report.text import Counts
from facetell.verdict import Evidence, Verdict
from facetell.weights import ModelCard

# File systems allow 255 bytes a name; there must be room for "-1234" and four bytes a letter.
_NAME_LENGTH = 60
# Windows opens a device for these, with any ending.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_CROP_NAME = re.compile(r"face-\d+-at-\d+\.\d+s(-heat)?\.jpg")


class ReportFolder:
    """Writes reports as verdicts come.

    Args:
        root: the directory; made if absent.
        several: whether each file gets a folder of its own.
        pdf_options: of the analysis, to be told in report.pdf; None for no such report.
    """

    def __init__(self, root: Path, several: bool, pdf_options: Options | None = None) -> None:
        self._root = root
        self._several = several
        self._pdf_options = pdf_options
        self._taken = {"index.html", "summary.csv"}
        self._entries: list[IndexEntry] = []
        self._counts = Counts()
        root.mkdir(parents=True, exist_ok=True)
        if several:
            self._summary.write_text(csv_report.summary_header(), encoding="utf-8")

    def add(self, verdict: Verdict, card: ModelCard | None) -> Path:
        """Write one file's report and return the folder that holds it."""
        name = distinct_name(verdict.path, self._taken) if self._several else ""
        folder = self._root / name
        folder.mkdir(exist_ok=True)
        write_report(folder, verdict, card, self._pdf_options)
        self._counts.add(verdict)
        if self._several:
            with self._summary.open("a", encoding="utf-8") as summary:
                summary.write(csv_report.summary_row(verdict))
            told = " ".join([*verdict.reasons[:1], *verdict.warnings])
            entry = IndexEntry(
                verdict.path, verdict.label, verdict.p_fake, without_path(told, verdict.path), name
            )
            self._entries.append(entry)
        return folder

    def finish(self) -> None:
        """Write the overview of all that was added."""
        if self._several:
            page = render_index(self._entries, self._counts.line(), datetime.now(UTC))
            (self._root / "index.html").write_text(page, encoding="utf-8")

    @property
    def start_page(self) -> Path:
        """The page to open first."""
        return self._root / ("index.html" if self._several else "report.html")

    @property
    def _summary(self) -> Path:
        return self._root / "summary.csv"


def write_report(
    folder: Path, verdict: Verdict, card: ModelCard | None, pdf_options: Options | None = None
) -> None:
    """Write one verdict's files into a folder, in place of those of an earlier run.

    Raises:
        MissingDependency: a PDF report is wanted and the extra `pdf` is not installed.
    """
    made_at = datetime.now(UTC)
    (folder / "report.html").write_text(render(verdict, card, made_at), encoding="utf-8")
    if pdf_options is not None:
        (folder / "report.pdf").write_bytes(render_pdf(verdict, card, made_at, pdf_options))
    else:
        # That of an earlier run must not pass for this one's.
        (folder / "report.pdf").unlink(missing_ok=True)
    (folder / "report.json").write_text(json_report.to_document(verdict), encoding="utf-8")
    (folder / "timeline.csv").write_text(csv_report.timeline(verdict), encoding="utf-8")
    faces = folder / "faces"
    faces.mkdir(exist_ok=True)
    _remove_earlier(faces)
    for evidence in verdict.evidence:
        name = _crop_name(evidence)
        (faces / f"{name}.jpg").write_bytes(face_jpeg(evidence))
        (faces / f"{name}-heat.jpg").write_bytes(heat_jpeg(evidence))


def distinct_name(path: Path, taken: set[str]) -> str:
    """A folder name for a file: safe on every system, and unlike those already taken.

    >>> taken = set()
    >>> distinct_name(Path("a/clip.mp4"), taken), distinct_name(Path("b/CLIP.mp4"), taken)
    ('clip.mp4', 'CLIP.mp4-2')
    """
    plain = safe_name(path.name)
    name, number = plain, 1
    while _folded(name) in taken:
        number += 1
        name = f"{plain}-{number}"
    taken.add(_folded(name))
    return name


def safe_name(name: str) -> str:
    """Keep letters, digits, `.`, `_` and `-`; no hidden, reserved, empty or endless name.

    >>> safe_name("../a b?.mp4"), safe_name("nul.mp4"), safe_name("...")
    ('a_b_.mp4', '_nul.mp4', 'input')
    """
    normal = unicodedata.normalize("NFC", name)
    kept = re.sub(r"[^\w.-]+", "_", normal, flags=re.ASCII if not normal.isprintable() else 0)
    kept = kept.lstrip("._-")[:_NAME_LENGTH].rstrip("._-") or "input"
    return f"_{kept}" if _RESERVED.fullmatch(kept) else kept


def _folded(name: str) -> str:
    """Names that some file system takes for the same one are equal."""
    return unicodedata.normalize("NFKC", name).casefold()


def _crop_name(evidence: Evidence) -> str:
    return f"face-{evidence.track}-at-{max(evidence.time_s, 0.0):.3f}s"


def _remove_earlier(faces: Path) -> None:
    """Crops of an earlier run must not pass for this one's; other files are left alone."""
    for path in faces.iterdir():
        if _CROP_NAME.fullmatch(path.name):
            path.unlink()
