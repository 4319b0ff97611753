"""A summary and its outcomes → summary.json, files.csv, numbers.csv and report.html in a folder."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from facetell.errors import InputNotFound, OutputError, UsageError
from facetell.evaluation.answers import Outcome
from facetell.evaluation.page import render
from facetell.evaluation.summary import Summary
from facetell.records import read_record
from facetell.report.csv_report import safe_cell

SUMMARY, FILES, NUMBERS, PAGE = "summary.json", "files.csv", "numbers.csv", "report.html"
OUTCOMES = "outcomes.json"


def write_results(summary: Summary, outcomes: Sequence[Outcome], out: Path) -> None:
    """Write all that an evaluation found.

    Args:
        summary: the numbers.
        outcomes: of the files, undegraded.
        out: the folder, where the pictures of faces are already.

    Raises:
        OutputError: it cannot be written.
        MissingDependency: matplotlib is not installed.
    """
    html = render(summary, outcomes, out, datetime.now(UTC))
    try:
        _write_json(out / SUMMARY, asdict(summary))
        _write_json(out / OUTCOMES, [asdict(outcome) for outcome in outcomes])
        _write_csv(out / NUMBERS, [asdict(metric) for metric in summary.metrics])
        _write_csv(out / FILES, [_flat(outcome) for outcome in outcomes])
        (out / PAGE).write_text(html, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{error.filename or out}: {error.strerror}") from error


def read_outcomes(out: Path) -> list[Outcome]:
    """Read back what `write_results` wrote.

    Raises:
        InputNotFound: the folder holds no evaluation.
        UsageError: it is of another version.
    """
    path = out / OUTCOMES
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [read_record(Outcome, row) for row in found]
    except OSError as error:
        raise InputNotFound(
            f"{path}: {error.strerror}; make it by facetell evaluate DATA --out {out}"
        ) from error
    except ValueError as error:
        raise UsageError(f"{path}: not an evaluation of this version: {error}") from error


def _flat(outcome: Outcome) -> dict[str, Any]:
    media, answer = asdict(outcome.media), asdict(outcome.answer)
    del media["traits"], answer["frame_p_fake"]
    row = media | {"sha256": outcome.sha256} | answer
    return row | {t.name: t.value for t in outcome.media.traits if t.name not in row}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(finite(value), indent=1) + "\n", encoding="utf-8")


def finite(value: Any) -> Any:
    """Turn what could not be measured into null, since JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_csv(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        if rows:
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
            writer.writeheader()
            writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)


def _cell(value: object) -> object:
    return safe_cell(value) if isinstance(value, str) else value
