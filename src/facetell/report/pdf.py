"""Verdict → a PDF report for people: to print, to sign, to hand to an editor or a lawyer.

Made with reportlab (extra `pdf`), which is imported only when a report is wanted.
"""

from __future__ import annotations

import importlib
from datetime import datetime

from facetell.errors import MissingDependency
from facetell.options import Options
from facetell.verdict import Verdict
from facetell.weights import ModelCard


def render_pdf(
    verdict: Verdict, card: ModelCard | None, made_at: datetime, options: Options | None = None
) -> bytes:
    """Write the report of one file; the same arguments give the same bytes.

    Args:
        verdict: what is reported.
        card: of the model that judged; without it thresholds and metrics are left out.
        made_at: when, with its time zone; it is told in UTC.
        options: with which the file was analysed; without them that section is shorter.

    Raises:
        MissingDependency: the extra `pdf` is not installed.
    """
    require_pdf()
    from facetell.report.pdf_document import build

    return build(verdict, card, made_at, options)


def require_pdf() -> None:
    """Check that PDF reports can be made here.

    Raises:
        MissingDependency: the extra `pdf` is not installed.
    """
    for package in ("reportlab", "uharfbuzz"):
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise MissingDependency(
                f"a PDF report needs {package}: pip install 'facetell[pdf]'"
            ) from error
