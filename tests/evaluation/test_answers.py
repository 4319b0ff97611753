from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from facetell.errors import OutputError
from facetell.evaluation.answers import BOOK, Answer, AnswerBook, Trial, key_of
from facetell.options import Options
from facetell.weights import find

ANSWER = Answer("fake", 0.9, (0.8, 0.95), 120.0, 0.7, 32, 1.5, picture="a.jpg")


def written(folder: Path, *keys: str) -> None:
    book = AnswerBook(folder)
    for key in keys:
        book.add(key, ANSWER)
    book.close()


def read(folder: Path, key: str) -> Answer | None:
    book = AnswerBook(folder)
    book.close()
    return book.get(key)


def test_it_remembers_answers(tmp_path: Path) -> None:
    written(tmp_path, "k")
    assert read(tmp_path, "k") == ANSWER
    assert read(tmp_path, "other") is None


def test_what_may_be_otherwise_next_time_is_not_written_down(tmp_path: Path) -> None:
    book = AnswerBook(tmp_path)
    book.add("k", ANSWER, keep=False)
    book.close()
    assert book.get("k") == ANSWER
    assert read(tmp_path, "k") is None


def test_it_goes_on_after_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    written(tmp_path, "a", "b")
    path = tmp_path / BOOK
    path.write_bytes(path.read_bytes()[:-20])
    assert read(tmp_path, "a") == ANSWER
    assert read(tmp_path, "b") is None
    written(tmp_path, "b")
    assert read(tmp_path, "b") == ANSWER


def test_it_says_so_if_the_book_is_damaged(tmp_path: Path) -> None:
    written(tmp_path, "a")
    with (tmp_path / BOOK).open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(OutputError, match="delete it"):
        AnswerBook(tmp_path)


def test_an_answer_holds_for_its_file_model_and_settings_only(tiny_card_path: Path) -> None:
    card, trial = find(tiny_card_path), Trial(Options())
    same = key_of("f", card, trial)
    assert key_of("f", replace(card, name="renamed", metrics=()), trial) == same
    others = {
        key_of("g", card, trial),
        key_of("f", replace(card, sha256="0" * 64), trial),
        key_of("f", replace(card, calibration=replace(card.calibration, slope=2.0)), trial),
        key_of("f", card, Trial(Options(frames=10))),
        key_of("f", card, Trial(Options(), "JPEG 40")),
    }
    assert len(others | {same}) == 6
