"""Nothing is left in English: the catalogues hold what the sources say, and pages show it."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils.translation import override

import facetell
from facetell import weights
from facetell.errors import NotMedia
from facetell.web.accounts.invitations import invite, token_of
from facetell.web.analyses import run
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.leases import take
from facetell.web.analyses.models import Analysis
from facetell.web.analyses.problems import QueueFull
from facetell.web.analyses.sentences import keep_sentences, told
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep
from facetell.web.pages.card_texts import TEXTS
from facetell.wording import Sentence
from tests.web.conftest import SAMPLE

SOURCES = Path(facetell.__file__).parent
CODES = sorted({code for code, _ in django_settings.LANGUAGES} - {"en"})

_WORDS = re.compile(r"\b(?:the|and|of|with|is|are|were|has|its|your|you|this)\b", re.I)
"""Words that German and Hindi do not have."""
_NAMES = ("Labeled Faces in the Wild", "correct horse", "is.mp4")
"""English that stays: names of data sets, and what people called their files."""


def catalogue(folder: Path, code: str) -> polib.POFile:
    return polib.pofile(str(folder / code / "LC_MESSAGES" / "django.po"))


@pytest.mark.skipif(not shutil.which("xgettext"), reason="needs GNU gettext")
def test_the_catalogues_hold_what_the_sources_say(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "facetell"
    skipped = shutil.ignore_patterns("data", "static", "__pycache__", "*.mo")
    shutil.copytree(SOURCES, copy, ignore=skipped)
    settings.LOCALE_PATHS = [copy / "web" / "locale"]
    monkeypatch.chdir(copy)
    call_command("makemessages", locale=["de"], no_obsolete=True, no_location=True, verbosity=0)
    ours = catalogue(SOURCES / "web" / "locale", "de")
    found = catalogue(copy / "web" / "locale", "de")
    assert not found.untranslated_entries()
    assert not found.fuzzy_entries()
    assert {entry.msgid for entry in found} == {entry.msgid for entry in ours}


def test_what_the_cards_say_is_marked() -> None:
    said = set()
    for card in weights.available():
        said |= {card.purpose, card.trained_on, card.terms, card.architecture, card.made}
        said |= {*card.limits, *(metric.on for metric in card.metrics)}
    assert said - {""} == set(TEXTS)


@pytest.mark.parametrize("code", CODES)
def test_stored_sentences_are_said_in_the_language(code: str) -> None:
    place = Sentence("the face at ({x}, {y}) at {time}", x=3, y=4, time="5.0 s")
    asked = "Only {place} was judged, as asked: face {face}, as if there were no other."
    text = Sentence(asked, place=place, face=7)
    kept = keep_sentences([text, "an operator's own words"])
    assert list(kept) == [str(text)]
    with override(code):
        for said in (told(text), told(str(text), kept), told(QueueFull(text))):
            assert "5.0 s" in said
            assert "7" in said
            assert not _WORDS.search(said)
        assert told("an operator's own words", kept) == "an operator's own words"
        assert told("") == ""
    assert told(str(text), kept) == text


@pytest.fixture
def pages(client: Client, ada: User, tiny: str, settings: Any) -> dict[str, str]:
    """Pages to walk, by what they show."""
    settings.ACCOUNTS = True
    settings.EMAIL_HOST = "mail.example.org"
    ada.is_staff = ada.is_superuser = True
    ada.save()
    client.force_login(ada)
    clip = keep(ada, [SAMPLE.read_bytes()], "is.mp4")
    done = submit(ada, clip, Settings(frames="5", model=tiny, face=(0.5, 60.0, 60.0)))[0]
    broken = submit(ada, keep(ada, [b"no video"], "x.mp4"), Settings(frames="5", model=tiny))[0]
    lost = submit(ada, keep(ada, [b"nothing"], "y.mp4"), Settings(frames="5", model=tiny))[0]
    for analysis in (done, broken):
        run.run(str(analysis.pk))
    lease = take(lost.pk, "test")
    assert lease is not None
    lease.fail("internal", Sentence("an error in this program; its log says more"))
    failed = Analysis.objects.get(pk=broken.pk)
    assert (failed.error_code, bool(failed.sentences)) == (NotMedia.code, True)
    return {
        "upload": "/",
        "history": "/analyses/",
        "result": f"/analyses/{done.pk}/",
        "compare": f"/analyses/{done.pk}/compare/",
        "delete": f"/analyses/{done.pk}/delete/",
        "failed": f"/analyses/{broken.pk}/",
        "lost": f"/analyses/{lost.pk}/",
        "about": "/about/",
        "live": "/live/",
        "privacy": "/privacy/",
        "account": "/account/",
        "email": "/account/email/",
        "keys": "/account/keys/",
        "admission": "/account/admission/",
        "forgotten": "/account/forgotten/",
        "sent": "/account/forgotten/sent/",
        "join": f"/account/join/{token_of(invite(ada))}/",
        "nothing": "/analyses/nowhere/",
    }


def visible(page: str) -> str:
    """The words of a page that somebody reads or hears."""
    page = re.sub(r"<(script|style|code)\b.*?</\1>|<!--.*?-->", " ", page, flags=re.S)
    page = re.sub(r'<button[^>]*name="language".*?</button>', " ", page, flags=re.S)
    heard = " ".join(
        re.findall(r'(?:alt|title|placeholder|aria-label|data-[\w-]+)="([^"]*)"', page)
    )
    text = html.unescape(f"{re.sub(r'<[^>]*>', ' ', page)} {heard}")
    for name in _NAMES:
        text = text.replace(name, " ")
    return " ".join(text.split())


def around(text: str) -> list[str]:
    """English words, each with what stands around it."""
    return [text[max(0, m.start() - 40) : m.end() + 40] for m in _WORDS.finditer(text)]


def english(code: str) -> list[str]:
    """Pieces of English, between placeholders, that the language says otherwise."""
    found = set()
    for entry in catalogue(Path(django_settings.LOCALE_PATHS[0]), code):
        texts = " ".join([entry.msgstr, *entry.msgstr_plural.values()])
        for piece in re.split(r"%\(\w+\)[sd]|\{\w+\}|<[^>]*>", entry.msgid):
            piece = " ".join(html.unescape(piece).split())
            if len(piece.split()) >= 3 and piece not in texts:
                found.add(piece)
    return sorted(found)


@pytest.mark.parametrize("code", ["de", "hi"])
def test_no_page_shows_english(client: Client, pages: dict[str, str], code: str) -> None:
    known = english(code)
    assert len(known) > 200
    for what, path in pages.items():
        page = client.get(path, headers={"accept-language": code}).content.decode()
        text = visible(page)
        assert f'lang="{code}"' in page, what
        assert not [piece for piece in known if piece in text], what
        assert not around(text), what


@pytest.mark.parametrize("code", ["de", "hi"])
def test_no_refusal_is_english(client: Client, ada: User, tiny: str, code: str) -> None:
    client.force_login(ada)
    for form in (
        {},
        {"file": SimpleUploadedFile("note.pdf", b"x")},
        {"file": SimpleUploadedFile("empty.mp4", b"")},
        {"file": SimpleUploadedFile("a.mp4", b"x"), "frames": "0"},
        {"file": SimpleUploadedFile("a.mp4", b"x"), "model": "nobody's"},
    ):
        page = client.post("/", form, headers={"accept-language": code})
        assert page.status_code >= 400
        assert not around(visible(page.content.decode())), form
