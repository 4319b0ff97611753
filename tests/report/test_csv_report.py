from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from facetell.report import csv_report
from facetell.verdict import error_verdict

if TYPE_CHECKING:
    from tests.report.conftest import MakeVerdict


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_it_writes_one_row_a_file(make_verdict: MakeVerdict) -> None:
    text = csv_report.summary_header() + csv_report.summary_row(make_verdict())
    (row,) = _read(text)
    assert row["label"] == "fake"
    assert float(row["p_fake"]) == 0.925
    assert row["faces"] == "2"
    assert row["reasons"].startswith("p(fake) 0.93 is at or above 0.71.; The file ends early")


def test_it_leaves_unknown_numbers_empty() -> None:
    failed = error_verdict(Path("a.mp4"), ValueError("broken"))
    (row,) = _read(csv_report.summary_header() + csv_report.summary_row(failed))
    assert (row["p_fake"], row["confidence"], row["duration_s"]) == ("", "", "")
    assert row["error"] == "ValueError: broken"


def test_it_writes_every_point_of_a_timeline(make_verdict: MakeVerdict) -> None:
    verdict = make_verdict()
    rows = _read(csv_report.timeline(verdict))
    assert len(rows) == len(verdict.timeline) == 70
    assert rows[1] | {"p_fake": ""} == {
        "time_s": "0.500",
        "track": "3",
        "p_fake": "",
        "x1_px": "103.0",
        "y1_px": "50.0",
        "x2_px": "200.0",
        "y2_px": "180.0",
    }


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@a", "\t=1", "a\n=b"])
def test_it_gives_a_spreadsheet_nothing_to_run(make_verdict: MakeVerdict, name: str) -> None:
    text = csv_report.summary_row(make_verdict(path=Path(name)))
    (cells,) = csv.reader(io.StringIO(text))
    assert cells[0][0] not in "=+-@\t\r"
    assert len(text.splitlines()) == 1
