"""The frame around all pages: palette, landmarks, languages; nothing inline, nothing fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils.translation import override

import facetell.web.pages
from facetell.report.statements import TITLES
from facetell.report.style import DARK, LIGHT
from facetell.verdict import LABELS
from facetell.web.pages import words

PAGES = Path(facetell.web.pages.__file__).parent
STATIC = PAGES / "static" / "facetell"

pytestmark = pytest.mark.django_db


def markup(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def palettes() -> list[dict[str, str]]:
    sheet = (STATIC / "site.css").read_text("utf-8")
    blocks = re.findall(r"\{\n(--page[^}]*)\}", sheet)
    return [dict(re.findall(r"--([\w-]+):(#\w{6})", block)) for block in blocks]


def test_its_palette_is_that_of_the_reports() -> None:
    light, dark, system_dark = palettes()
    assert LIGHT.items() <= light.items()
    assert DARK.items() <= dark.items()
    assert dark == system_dark


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("number", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *[(f, b, 4.5) for f in ("text", "muted", "brand") for b in ("page", "surface", "sunken")],
        ("on-brand", "brand", 4.5),
        ("on-brand", "brand-hover", 4.5),
        *[(f, b, 3) for f in ("edge", "focus") for b in ("page", "surface", "sunken")],
    ],
)
def test_its_colours_can_be_told_apart(number: int, front: str, back: str, least: float) -> None:
    palette = palettes()[number]
    light, dark = sorted((luminance(palette[front]), luminance(palette[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


def test_its_words_for_verdicts_are_those_of_the_reports() -> None:
    with override("en"):
        assert {label: str(words.VERDICTS[label]) for label in LABELS} == TITLES


@pytest.mark.parametrize("source", sorted(PAGES.rglob("*.html")), ids=lambda path: path.name)
def test_templates_keep_scripts_and_styles_in_files(source: Path) -> None:
    text = source.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


def test_it_has_landmarks_and_one_heading(client: Client) -> None:
    page = markup(client, "/")
    assert page.count("<h1") == page.count("<main") == page.count("<header") == 1
    assert 'href="#content"' in page
    assert 'aria-current="page"' in page


def test_it_offers_the_languages_in_their_own_words(client: Client) -> None:
    page = markup(client, "/")
    assert 'value="de" lang="de">Deutsch<' in page
    answer = client.post("/i18n/setlang/", {"language": "de", "next": "/"})
    assert (answer.status_code, answer["location"]) == (302, "/")
    assert '<html lang="de">' in markup(client, "/")
