"""A verdict → the files that pages and API hand out: reports, face crops, heat maps, frames.

They are made once, by the worker, while it has the pictures at hand.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from facetell.options import Options
from facetell.report.folder import write_report
from facetell.report.pictures import face_jpeg, heat_jpeg
from facetell.verdict import Verdict
from facetell.web.analyses.models import Analysis
from facetell.web.analyses.shots import Shot
from facetell.weights import ModelCard

REPORTS = {
    "pdf": "report.pdf",
    "html": "report.html",
    "json": "report.json",
    "csv": "timeline.csv",
}
"""File of each report by the ending in its address."""


def write(
    analysis: Analysis,
    verdict: Verdict,
    card: ModelCard,
    options: Options,
    shots: Sequence[Shot] = (),
) -> dict[str, Any]:
    """Write the files of a verdict in place of those of an earlier attempt.

    Args:
        analysis: whose folder takes them.
        verdict: what is reported.
        card: of the model that judged.
        options: with which it was analysed.
        shots: frames that are to be shown.

    Returns:
        What was written: {"faces": [{"track", "time_s", "p_fake"}]}, the most suspicious first;
        the pictures of face n are "faces/n.jpg" and "heatmaps/n.jpg". {"frames": [{"time_s"}]}, by
        time; the picture of frame n is "frames/n.jpg".
    """
    for name, data in _files(verdict, card, options, shots):
        path = f"{analysis.folder}/{name}"
        default_storage.delete(path)
        default_storage.save(path, ContentFile(data))
    faces = [
        {"track": e.track, "time_s": round(e.time_s, 3), "p_fake": round(float(e.p_fake), 6)}
        for e in verdict.evidence
    ]
    return {"faces": faces, "frames": [{"time_s": round(shot.time_s, 3)} for shot in shots]}


def remove(root: str) -> None:
    """Remove everything that was written into an analysis' folder."""
    for folder in (f"{root}/faces", f"{root}/heatmaps", f"{root}/frames", root):
        if not default_storage.exists(folder):
            continue
        _, files = default_storage.listdir(folder)
        for file in files:
            default_storage.delete(f"{folder}/{file}")
        default_storage.delete(folder)


def _files(
    verdict: Verdict, card: ModelCard, options: Options, shots: Sequence[Shot]
) -> Iterator[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        write_report(Path(folder), verdict, card, options)
        for name in REPORTS.values():
            yield name, (Path(folder) / name).read_bytes()
    for number, evidence in enumerate(verdict.evidence):
        yield f"faces/{number}.jpg", face_jpeg(evidence)
        yield f"heatmaps/{number}.jpg", heat_jpeg(evidence)
    for number, shot in enumerate(shots):
        yield f"frames/{number}.jpg", shot.jpeg
