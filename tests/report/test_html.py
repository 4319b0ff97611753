from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from facetell.report.html import IndexEntry, render, render_index
from facetell.report.pictures import heat_jpeg
from facetell.report.statements import LIMITS, TITLES
from facetell.report.style import SHEET, content_security_policy
from facetell.selection import Selection
from facetell.verdict import LABELS, Evidence, Label, error_verdict
from facetell.weights import ModelCard

if TYPE_CHECKING:
    from tests.report.conftest import MakeVerdict

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e\x00\udcff.mp4"
VOID = {"meta", "img", "rect", "line", "circle", "path", "polygon", "polyline"}


class Page(HTMLParser):
    """Collects what a browser would see, and checks that every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, tag: str, name: str) -> list[str]:
        return [value for t, n, value in self.attributes if (t, n) == (tag, name)]


def _words(page: str) -> str:
    return " ".join("".join(Page(page).text).split())


def test_it_tells_verdict_numbers_hashes_limits_and_terms(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    words = _words(render(make_verdict(), card, NOW))
    for expected in (
        "Likely fake",
        "interview.mp4",
        "p(fake) 0.93",
        "Face 3 is most suspicious from 3 s to 6 s.",
        "The file ends early",
        "a" * 64,
        "b" * 64,
        "research only <b>",
        "Faces of fewer than 64 pixels are judged poorly.",
        "0.77 to 0.85",
        "fake from 0.71",
        "real up to 0.33",
        "1280 × 720 px",
        "2026-01-02 03:04 UTC",
        "facetell 0.1.0",
        *LIMITS,
    ):
        assert expected in words


def test_it_tells_the_part_that_was_analysed(make_verdict: MakeVerdict, card: ModelCard) -> None:
    assert "<dt>Analysed</dt>" not in render(make_verdict(), card, NOW)
    page = render(make_verdict(selection=Selection((2.5, 8.0), (4, 412, 96))), card, NOW)
    assert "<dt>Analysed</dt><dd>only 2.5–8.0 s, the face at (412, 96) at 4.0 s</dd>" in page


def test_it_puts_warnings_right_after_what_decided(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    words = _words(render(make_verdict(), card, NOW))
    told = [words.index(text) for text in ("is at or above", "Warning: The file", "2 faces scored")]
    assert told == sorted(told)


@pytest.mark.parametrize("label", LABELS)
def test_it_names_each_label_in_words_beside_its_own_shape(
    make_verdict: MakeVerdict, card: ModelCard, label: Label
) -> None:
    page = render(make_verdict(label=label), card, NOW)
    assert f"<h1>{TITLES[label]}</h1>" in page
    shapes = {render(make_verdict(label=other), card, NOW).split("<h1>")[0] for other in LABELS}
    assert len(shapes) == len(LABELS)


def test_it_lets_no_file_name_or_message_become_markup(
    make_verdict: MakeVerdict, card: ModelCard
) -> None:
    path = Path(HOSTILE)
    hostile_card = replace(card, trained_on=HOSTILE, architecture=HOSTILE)
    verdict = make_verdict(path=path, reasons=(HOSTILE,), warnings=(HOSTILE,))
    index = [IndexEntry(path, "fake", 0.9, HOSTILE, "a")]
    for page in (
        render(verdict, hostile_card, NOW),
        render(error_verdict(path, ValueError(HOSTILE)), None, NOW),
        render_index(index, "1 file", NOW),
    ):
        seen = Page(page)
        assert "script" not in seen.tags
        assert not [name for _, name, _ in seen.attributes if name.startswith("on")]
        assert set(seen.values("img", "src")) <= {
            src for src in seen.values("img", "src") if src.startswith("data:image/jpeg;base64,")
        }
        assert "alert(1)" in "".join(seen.text)
        assert "\u202e" not in page
        assert "\x00" not in page
        page.encode("utf-8")


def test_it_is_one_file_that_fetches_nothing(make_verdict: MakeVerdict, card: ModelCard) -> None:
    page = render(make_verdict(), card, NOW)
    seen = Page(page)
    assert {"script", "link", "iframe", "object", "base", "form"}.isdisjoint(seen.tags)
    assert "url(" not in page
    assert "@import" not in page
    assert "http://" not in page
    assert "https://" not in page
    policy = seen.values("meta", "content")
    assert content_security_policy() in policy
    # The policy allows the one sheet by its hash, so that style attributes would not work.
    assert not [value for _, name, value in seen.attributes if name == "style"]
    assert re.findall(r"<style>(.*?)</style>", page, re.DOTALL) == [SHEET]


def test_it_shows_each_crop_with_its_heat_map(make_verdict: MakeVerdict, card: ModelCard) -> None:
    seen = Page(render(make_verdict(), card, NOW))
    pictures = [_decode(source) for source in seen.values("img", "src")]
    assert len(pictures) == 6
    face, heat = (picture.astype(int) for picture in pictures[:2])
    assert face.shape == heat.shape == (64, 64, 3)
    tint = np.ptp(heat, axis=2)
    assert tint[9:27, 9:27].mean() > 50, "the hot place is tinted"
    assert tint[40:, 40:].mean() < 3, "the cold corner is grey"
    assert np.abs(face - heat)[40:, 40:].mean() < 30, "and as bright as it was"
    # The fixture's red channel is 180, its blue 128: the order of channels survives.
    assert face[50, 50, 0] > face[50, 50, 2] + 30
    assert "where the model looked at face 3 at 4.2 s" in seen.values("img", "alt")


@pytest.mark.parametrize("step", range(5))
def test_its_scale_shows_the_colours_of_the_heat_maps(step: int) -> None:
    (scale,) = re.findall(r"linear-gradient\(90deg,(.*?)\),#(\w+)", SHEET)
    red, green, blue, opacity = bytes.fromhex(scale[0].split(",")[step].removeprefix("#"))
    ground = np.array([*bytes.fromhex(scale[1])], np.uint8)
    expected = ground + (np.array([red, green, blue]) - ground) * (opacity / 255)
    crop = np.broadcast_to(ground, (16, 16, 3)).copy()
    jpeg = heat_jpeg(Evidence(1, 0.0, 0.5, crop, np.full((7, 7), step / 4, np.float32)))
    shown = _decode("," + base64.b64encode(jpeg).decode())
    np.testing.assert_allclose(shown.mean((0, 1)), expected, atol=4)


def _decode(source: str) -> npt.NDArray[np.uint8]:
    data = np.frombuffer(base64.b64decode(source.split(",", 1)[1]), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None
    return picture[..., ::-1].astype(np.uint8)


def test_it_leaves_out_what_an_error_lacks() -> None:
    page = render(error_verdict(Path("a.mp4"), ValueError("broken")), None, NOW)
    words = _words(page)
    assert "Not analysed" in words
    assert "ValueError: broken" in words
    assert words.count("ValueError: broken") == 1
    assert "p(fake) 0" not in words
    assert "over time" not in words


def test_it_does_without_a_card(make_verdict: MakeVerdict) -> None:
    words = _words(render(make_verdict(), None, NOW))
    assert "p(fake) 0.93" in words
    assert "fake from" not in words
    assert "research only <b>" in words, "the terms stand in the verdict itself"


def test_it_links_each_report_in_the_overview() -> None:
    entries = [
        IndexEntry(Path("a/clip.mp4"), "fake", 0.987, "1 face", "clip.mp4"),
        IndexEntry(Path("b.mp4"), "error", None, "broken", "b.mp4"),
    ]
    page = render_index(entries, "2 files in 3.0 s: 1 fake, 1 failed", NOW)
    assert Page(page).values("a", "href") == ["clip.mp4/report.html", "b.mp4/report.html"]
    assert "2 files in 3.0 s: 1 fake, 1 failed" in _words(page)
