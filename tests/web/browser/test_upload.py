from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from facetell.web.analyses.models import Analysis, Batch
from tests.web.browser.conftest import OpenPage
from tests.web.conftest import SAMPLE

pytestmark = pytest.mark.django_db(transaction=True)

DROP = """() => {
  const files = new DataTransfer();
  files.items.add(new File(["abc"], "dropped.mp4", { type: "video/mp4" }));
  document.body.dispatchEvent(
    new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
}"""
PASTE = """() => {
  const files = new DataTransfer();
  files.items.add(new File(["abcd"], "pasted.png", { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files }));
}"""


def test_it_previews_and_sends_a_video(open_page: OpenPage) -> None:
    page = open_page("/")
    page.set_input_files("#file", SAMPLE)
    # Debian's Chromium plays H.264: the preview knows how long the clip is
    page.wait_for_selector("#note-40 .every:not(:empty)", state="attached")
    assert "0.5 s" in page.inner_text("#note-40")
    page.check("[name=frames][value='10']")
    page.click("#start button")
    page.wait_for_url(re.compile("/analyses/"))
    analysis = Analysis.objects.get()
    assert (analysis.upload.name, analysis.frames) == (SAMPLE.name, "10")
    assert "Next in the queue" in page.inner_text("#said")


def test_it_takes_what_is_dropped_and_pasted(open_page: OpenPage) -> None:
    page = open_page("/")
    page.evaluate(DROP)
    page.evaluate(PASTE)
    assert page.locator("#picked .name").all_inner_texts() == ["dropped.mp4", "pasted.png"]
    page.click("#start button")
    page.wait_for_url(re.compile("/batches/"))
    assert Batch.objects.get().analyses.count() == 2


def test_it_says_what_is_wrong_before_it_sends(open_page: OpenPage, tmp_path: Path) -> None:
    note = tmp_path / "note.pdf"
    note.write_text("no video")
    page = open_page("/")
    page.set_input_files("#file", note)
    page.click("#start button")
    assert "note.pdf is no video" in page.inner_text("#problem")
    page.click("[aria-label='Remove note.pdf']")
    assert page.locator("#picked li").count() == 0
    assert not page.is_visible("#problem")
    assert not Analysis.objects.exists()


def test_it_shows_the_servers_problem_where_it_happened(open_page: OpenPage) -> None:
    page = open_page("/")
    page.set_input_files("#file", SAMPLE)
    page.context.clear_cookies()
    page.click("#start button")
    page.wait_for_selector("#problem:not([hidden])")
    assert "load the page again" in page.inner_text("#problem")
    assert page.is_visible("#start")


def test_it_works_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False)
    page.set_input_files("#file", SAMPLE)
    page.click("#start button")
    assert "/analyses/" in page.url
    assert page.locator("meta[http-equiv=refresh]").count() == 1


def test_it_weighs_all_files_together(open_page: OpenPage, settings: Any, tmp_path: Path) -> None:
    settings.MAX_REQUEST_BYTES = 1500
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(bytes(1000))
    page = open_page("/")
    page.set_input_files("#file", [tmp_path / "a.mp4", tmp_path / "b.mp4"])
    page.click("#start button")
    assert "at most 1.5 kB at once" in page.inner_text("#problem")
    assert not Batch.objects.exists()
