from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facetell.errors import NotMedia
from facetell.report.json_report import SCHEMA_VERSION, to_dict, to_document, to_line
from facetell.selection import Selection
from facetell.verdict import TimelinePoint, error_verdict

if TYPE_CHECKING:
    from tests.report.conftest import MakeVerdict

DOCS = Path(__file__).parents[2] / "docs" / "json.md"


def test_it_holds_to_the_contract(make_verdict: MakeVerdict) -> None:
    found = json.loads(to_line(make_verdict()))
    assert list(found) == [
        "schema_version",
        "path",
        "sha256",
        "label",
        "p_fake",
        "confidence",
        "media",
        "tracks",
        "timeline",
        "reasons",
        "warnings",
        "selection",
        "model",
        "facetell_version",
        "elapsed_s",
        "error",
    ]
    assert found["schema_version"] == SCHEMA_VERSION == 1
    assert list(found["media"]) == ["duration_s", "width", "height", "fps", "frames_read"]
    assert list(found["tracks"][0]) == ["id", "p_fake", "start_s", "end_s", "frames", "quality"]
    assert list(found["timeline"][0]) == ["time_s", "track", "p_fake", "box_xyxy"]
    assert list(found["model"]) == ["name", "version", "sha256", "members"]
    assert found["error"] is None
    assert found["p_fake"] == 0.925
    assert found["timeline"][0]["box_xyxy"] == [101.0, 50.0, 200.0, 180.0]


def test_it_tells_an_error_without_any_probability() -> None:
    found = json.loads(to_line(error_verdict(Path("a.mp4"), NotMedia("a.mp4: empty"))))
    assert found["label"] == "error"
    assert found["error"] == {"code": "not_media", "message": "a.mp4: empty"}
    assert found["p_fake"] is None
    assert found["confidence"] is None
    assert found["media"] is None
    assert found["tracks"] == found["timeline"] == []


def test_it_tells_the_part_that_was_analysed(make_verdict: MakeVerdict) -> None:
    assert to_dict(make_verdict())["selection"] is None
    found = to_dict(make_verdict(selection=Selection((2.5, 8.00049))))
    assert found["selection"] == {"start_s": 2.5, "end_s": 8.0, "face": None}
    found = to_dict(make_verdict(selection=Selection(None, (4.0, 412.04, 96))))
    face = {"time_s": 4.0, "x_px": 412.0, "y_px": 96.0}
    assert found["selection"] == {"start_s": None, "end_s": None, "face": face}


def test_it_puts_warnings_right_after_what_decided(make_verdict: MakeVerdict) -> None:
    assert to_dict(make_verdict())["reasons"] == [
        "p(fake) 0.93 is at or above 0.71.",
        "The file ends early, at 9.6 s of 10.0 s.",
        "2 faces scored in 32 frames.",
        "Face 3 is most suspicious from 3 s to 6 s.",
    ]
    told_twice = make_verdict(reasons=("late",), warnings=("late",))
    assert to_dict(told_twice)["reasons"] == to_dict(told_twice)["warnings"] == ["late"]


def test_it_writes_one_line_of_ascii_whatever_the_name(make_verdict: MakeVerdict) -> None:
    hostile = Path("a\n\x1b[31m\udcff\u2028日.mp4")
    line = to_line(make_verdict(path=hostile))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["path"] == str(hostile)


def test_it_has_no_nan_and_takes_numpy_numbers(make_verdict: MakeVerdict) -> None:
    one: Any = np.int64(1)
    half: Any = np.float32(0.5)
    point = TimelinePoint(math.nan, one, half, (0.0, 0.0, math.inf, 1.0), 1.0)
    line = to_line(make_verdict(timeline=(point,), p_fake=np.float64(0.25)))
    assert "NaN" not in line
    assert "Infinity" not in line
    found = json.loads(line)
    assert found["timeline"][0] == {
        "time_s": None,
        "track": 1,
        "p_fake": 0.5,
        "box_xyxy": [0.0, 0.0, None, 1.0],
    }


def test_it_writes_the_same_object_as_a_document(make_verdict: MakeVerdict) -> None:
    verdict = make_verdict()
    assert json.loads(to_document(verdict)) == json.loads(to_line(verdict))


def test_it_documents_every_key(make_verdict: MakeVerdict) -> None:
    text = DOCS.read_text(encoding="utf-8")
    found = to_dict(make_verdict())
    nested = [found["media"], found["tracks"][0], found["timeline"][0], found["model"]]
    keys = set(found).union(*nested) | {"code", "message"}
    assert {key for key in keys if f"`{key}`" not in text} == set()
