from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from facetell.report import text
from facetell.verdict import error_verdict
from facetell.wording import printable

if TYPE_CHECKING:
    from tests.report.conftest import MakeVerdict


def test_it_aligns_rows_with_the_header(make_verdict: MakeVerdict) -> None:
    header, row = text.header(), text.row(make_verdict())
    assert header.index("FILE") == row.index("interview.mp4")
    assert row.split() == ["fake", "0.93", "2", "32", "10.0", "s", "1.2", "s", "interview.mp4"]


def test_it_shows_dashes_instead_of_numbers_for_an_error() -> None:
    row = text.row(error_verdict(Path("a.mp4"), ValueError("broken")))
    assert row.split()[:5] == ["error", "-", "-", "-", "-"]


def test_it_escapes_what_drives_a_terminal(make_verdict: MakeVerdict) -> None:
    row = text.row(make_verdict(path=Path("a\x1b]0;owned\x07\n\u202egpj.mp4")))
    assert row.endswith("a\\x1b]0;owned\\x07\\x0a\\u202egpj.mp4")
    assert printable("plain ünïcode 日本.mp4") == "plain ünïcode 日本.mp4"


def test_it_escapes_messages_and_reasons(make_verdict: MakeVerdict) -> None:
    verdict = make_verdict(reasons=("a\x1b[2Jb",), warnings=("c\rd",))
    lines = "\n".join(text.details(verdict, verbose=True))
    assert "\\x1b[2Jb" in lines
    assert "c\\x0dd" in lines


def test_it_tells_reasons_and_faces_only_when_verbose(make_verdict: MakeVerdict) -> None:
    short = list(text.details(make_verdict()))
    long = "\n".join(text.details(make_verdict(), verbose=True))
    assert [line.strip() for line in short] == ["warning: The file ends early, at 9.6 s of 10.0 s."]
    assert "- warning: The file ends early" in long
    assert "- Face 3 is most suspicious from 3 s to 6 s." in long
    assert "face 1: p(fake) 0.12, 0.5–9.5 s, 30 frames, quality 0.64" in long


def test_it_always_tells_why_a_file_failed() -> None:
    lines = list(text.details(error_verdict(Path("a.mp4"), ValueError("broken")), verbose=True))
    assert [line.strip() for line in lines] == ["ValueError: broken"]


def test_it_colours_only_the_word(make_verdict: MakeVerdict) -> None:
    row = text.row(make_verdict(), colour=True)
    assert row.startswith("\x1b[1;31mfake\x1b[0m   ")
    assert "\x1b" not in text.row(make_verdict())


def test_it_counts_labels_for_the_last_line(make_verdict: MakeVerdict) -> None:
    counts = text.Counts()
    for label in ("fake", "real", "real", "no_face", "error"):
        counts.add(make_verdict(label=label, elapsed_s=20.0))
    assert counts.line() == "5 files in 1:40: 1 fake, 2 real, 1 without a face, 1 failed"
    assert counts.total == 5
