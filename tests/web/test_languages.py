"""The catalogues: whole, with each placeholder in its place, compiled, and shown."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import override

from facetell.report.statements import LIMITS, MEANINGS, TITLES
from facetell.web.pages import words

LOCALE = Path(settings.LOCALE_PATHS[0])
CODES = sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/django.po"))
HEADINGS = {
    "de": "Ist dieses Gesicht echt?",
    "es": "¿Es real esta cara?",
    "fr": "Ce visage est-il réel ?",
}
"""The upload page's heading, where it is known word for word."""

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}|</?[a-z][^>]*>")


def catalogue(code: str, ending: str = "po") -> list[polib.POEntry]:
    """Return the messages of a language, without its header."""
    path = LOCALE / code / "LC_MESSAGES" / f"django.{ending}"
    return list(polib.pofile(str(path)) if ending == "po" else polib.mofile(str(path)))


def translations(entry: polib.POEntry) -> list[tuple[list[str], str]]:
    """Pair each form in the language with the English that it may stand for."""
    if not entry.msgid_plural:
        return [([entry.msgid], entry.msgstr)]
    first, *others = (entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural))
    either = [entry.msgid, entry.msgid_plural]
    return [(either, first), *(([entry.msgid_plural], other) for other in others)]


def test_languages_with_a_catalogue_are_offered() -> None:
    assert CODES
    assert set(CODES) <= {code for code, _ in settings.LANGUAGES} - {"en"}


@pytest.mark.parametrize("code", CODES)
def test_every_message_is_translated(code: str) -> None:
    poor = [
        entry.msgid
        for entry in catalogue(code)
        if entry.fuzzy or entry.obsolete or not all(text.strip() for _, text in translations(entry))
    ]
    assert not poor


@pytest.mark.parametrize("code", CODES)
def test_placeholders_and_markup_are_kept(code: str) -> None:
    broken = [
        text
        for entry in catalogue(code)
        for sources, text in translations(entry)
        if Counter(_PLACEHOLDER.findall(text))
        not in [Counter(_PLACEHOLDER.findall(source)) for source in sources]
    ]
    assert not broken


@pytest.mark.parametrize("code", CODES)
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    written, compiled = (
        {entry.msgid: [text for _, text in translations(entry)] for entry in catalogue(code, kind)}
        for kind in ("po", "mo")
    )
    assert compiled == written


@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_the_upload_page_is_in_the_language(code: str) -> None:
    heading = next(e.msgstr for e in catalogue(code) if e.msgid == "Is this face real?")
    page = Client(headers={"accept-language": code}).get("/").content.decode()
    assert f'<html lang="{code}">' in page
    assert f"<h1>{HEADINGS.get(code, heading)}</h1>" in page
    assert "Is this face real?" not in page


@pytest.mark.parametrize("code", CODES)
def test_verdicts_and_limits_are_in_the_language(code: str) -> None:
    english = {*TITLES.values(), *MEANINGS.values(), *LIMITS}
    known = (*words.VERDICTS.values(), *words.MEANINGS.values(), *words.LIMITS)
    with override(code):
        shown = {str(text) for text in known}
    assert len(shown) == len(english)
    assert not shown & english


def test_all_catalogues_have_the_same_messages() -> None:
    first, *others = ({entry.msgid for entry in catalogue(code)} for code in CODES)
    assert all(other == first for other in others)


def test_the_limits_are_those_of_the_reports() -> None:
    with override("en"):
        assert tuple(map(str, words.LIMITS)) == LIMITS
