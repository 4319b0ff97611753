from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from facetell.evaluation.answers import Outcome, Trial
from facetell.evaluation.page import render
from facetell.evaluation.summary import Tables, row_of, summarise
from facetell.options import Options
from facetell.weights import find
from tests.evaluation.made_outcomes import many, outcome

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>$x$\u202e.mp4"


NO_TABLES = Tables()


def page(
    tmp_path: Path, card_path: Path, outcomes: list[Outcome], tables: Tables = NO_TABLES
) -> str:
    summary = summarise(outcomes, find(card_path), Trial(Options()), "made up", tables)
    return render(summary, outcomes, tmp_path, NOW)


def test_it_shows_plots_for_light_and_dark_and_fetches_nothing(
    tmp_path: Path, tiny_card_path: Path
) -> None:
    rows = (row_of("as they are", many()), row_of("JPEG 40", many(seed=1)))
    found = page(tmp_path, tiny_card_path, many(), Tables(rows, rows))
    assert found.count("<picture>") == 7
    assert found.count('prefers-color-scheme: dark)" srcset') == 7
    assert "://" not in found
    assert "<script" not in found
    for words in ("Robustness", "Frames and time", "The worst mistakes", "lip-sync"):
        assert words in found


def test_the_same_numbers_give_the_same_page(tmp_path: Path, tiny_card_path: Path) -> None:
    first, second = (page(tmp_path, tiny_card_path, many()) for _ in range(2))
    assert first == second


def test_strangers_names_stay_harmless(tmp_path: Path, tiny_card_path: Path) -> None:
    outcomes = [
        *many(),
        outcome(0.99, False, name=HOSTILE, source=HOSTILE, manipulation=HOSTILE),
        outcome(None, True, name=HOSTILE, label="error", message=HOSTILE),
    ]
    found = page(tmp_path, tiny_card_path, outcomes)
    assert "<script" not in found
    assert "&lt;script&gt;" in found
    assert "\u202e" not in found


def test_the_worst_mistake_comes_first(tmp_path: Path, tiny_card_path: Path) -> None:
    outcomes = [*many(), outcome(0.999, False, name="worst.mp4"), outcome(0.97, False, name="bad")]
    found = page(tmp_path, tiny_card_path, outcomes).split("The worst mistakes")[1]
    assert found.index("worst.mp4") < found.index("bad")


def test_one_class_alone_has_no_curves(tmp_path: Path, tiny_card_path: Path) -> None:
    found = page(tmp_path, tiny_card_path, [outcome(0.2, False), outcome(0.4, False)])
    assert "<picture>" not in found
    assert "None: every file leans to the right side." in found


def test_hundreds_of_sources_leave_room_for_other_parts(
    tmp_path: Path, tiny_card_path: Path
) -> None:
    found = page(tmp_path, tiny_card_path, many(400, sources=300))
    assert found.count("source: <b>") == 40
    assert "quality: <b>" in found
