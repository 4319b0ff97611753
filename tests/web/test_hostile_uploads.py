"""Zips and names that mean harm, sent by the API and by the page."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from facetell.web.analyses.models import Analysis, Batch, Upload
from facetell.web.analyses.uploads import clean_name, keep
from facetell.web.api import archives as opened
from tests.hostile import archives
from tests.hostile.archives import VIDEO, zipped
from tests.web.api_client import ROOT, client_of

pytestmark = pytest.mark.django_db

BOMB = zipped(("a.mp4", bytes(1 << 24)))

# What is in the zip, the code of the refusal, and words of it.
ZIPS: dict[str, tuple[bytes, str, str]] = {
    "bomb": (BOMB, "bad_archive", "beyond all measure"),
    "shared by many": (archives.overlapping(90), "bad_archive", ""),
    "nested": (zipped(("a.zip", BOMB)), "invalid", ".zip is no video or picture"),
    "crowded": (archives.crowded(5000), "bad_archive", "5000 files"),
    "overcrowded": (archives.crowded(60_000), "bad_archive", "too long a list"),
    "larger than told": (archives.lying(1 << 10), "invalid", "cannot be unpacked"),
    "smaller than told": (archives.lying(2**32 - 2), "bad_archive", "beyond all measure"),
    "locked": (archives.locked(), "bad_archive", "locked with a password"),
    "rare method": (archives.of_method(99), "invalid", "cannot be unpacked"),
    "cut off": (zipped(("a.mp4", VIDEO))[:-30], "bad_archive", "no zip that can be read"),
    "empty": (zipped(), "invalid", "the archive is empty"),
    "html": (zipped(("a.html", b"<script>")), "invalid", ".html"),
}


def send(owner: User, data: bytes, name: str = "x.zip") -> Any:
    sent = [SimpleUploadedFile(name, data)]
    return client_of(owner).post(f"{ROOT}/batches", {"files": sent, "model": "tiny"})


@pytest.mark.parametrize("name", ZIPS)
def test_it_refuses_a_zip_that_means_harm_and_keeps_nothing(
    ada: User, tiny: str, name: str
) -> None:
    data, code, words = ZIPS[name]
    answer = send(ada, data)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.content
    assert words in answer.json()["detail"]
    assert not Upload.objects.exists()
    assert not Batch.objects.exists()
    assert not default_storage.exists("uploads") or not default_storage.listdir("uploads")[1]


def test_it_never_reads_a_list_that_is_too_long() -> None:
    """A million names of nothing have 46 MB, and would become a GB of objects."""
    with pytest.raises(opened.BadArchive, match="too long a list"):
        opened.require_short_directory("x.zip", io.BytesIO(archives.crowded(1_000_000)))


def test_a_link_in_a_zip_is_its_text_and_leads_nowhere(
    ada: User, tiny: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    assert send(ada, archives.link(str(secret).encode())).status_code == 202
    with default_storage.open(Upload.objects.get().file) as file:
        assert file.read() == str(secret).encode()


NAMES = {
    "../../../etc/cron.d/a.mp4": "a.mp4",
    "..\\..\\windows\\a.mp4": "a.mp4",
    "/etc/passwd.mp4": "passwd.mp4",
    "a\0.mp4": "a.mp4",
    "\u202e4pm.gpj.mp4": "4pm.gpj.mp4",
    "a\u2066\u200f\u200b\ufeff.mp4": "a.mp4",
    "a\r\nSet-Cookie: x=1.mp4": "aSet-Cookie: x=1.mp4",
    "a\x1b]0;x\x07\x9b31m.mp4": "a]0;x31m.mp4",
    "<img src=x onerror=alert(1)>.mp4": "<img src=x onerror=alert(1)>.mp4",
    "';DROP TABLE analyses_upload;--.mp4": "';DROP TABLE analyses_upload;--.mp4",
    "{{ settings.SECRET_KEY }}.mp4": "{{ settings.SECRET_KEY }}.mp4",
    "%s%n%00.mp4": "%s%n%00.mp4",
    "CON.mp4": "CON.mp4",
    ".mp4": ".mp4",
    "..": "unnamed",
    "a" * 255 + ".mp4": "a" * 196 + ".mp4",
    "é" * 300 + ".mp4": "é" * 196 + ".mp4",
    "a." + "m" * 300: "a." + "m" * 182 + "." + "m" * 15,
    "\ud800.mp4": ".mp4",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_becomes_harmless_and_is_never_a_path(ada: User, name: str) -> None:
    assert clean_name(name) == NAMES[name]
    if name.endswith("m" * 9):  # no ending of a video's
        return
    upload = keep(ada, [VIDEO], name)
    assert upload.name == NAMES[name]
    folder, stored = default_storage.listdir("uploads")
    assert not folder
    assert [f"uploads/{each}" for each in stored] == [upload.file]


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>.mp4", '"><svg onload=a()>.mp4'])
def test_pages_show_a_name_as_text(client: Client, tiny: str, name: str) -> None:
    sent = {"file": SimpleUploadedFile(name, VIDEO), "model": tiny, "frames": "5"}
    page = client.post("/", sent, follow=True)
    shown = name.rpartition("/")[2]
    Analysis.objects.get(upload__name=shown)
    for address in (page.redirect_chain[-1][0], "/analyses/"):
        text = client.get(address).content.decode()
        assert "<img src=x" not in text
        assert "<svg onload" not in text
        assert "&lt;" in text


def test_a_page_sent_as_a_video_is_never_shown_as_one(client: Client, tiny: str) -> None:
    html = b"<!doctype html><script>alert(document.cookie)</script>"
    sent = {"file": SimpleUploadedFile("a.mp4", html, "text/html"), "model": tiny}
    place = client.post("/", sent, follow=True).redirect_chain[-1][0]
    answer = client.get(f"{place}video")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
