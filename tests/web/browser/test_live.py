"""The live page in a browser whose camera plays a real clip."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

from tests.web.browser.conftest import ARGUMENTS
from tests.web.conftest import SAMPLE
from tests.web.test_serve import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")
PATIENCE_MS = 120_000
BOX = """() => {
  const svg = document.querySelector("svg.boxes"), box = svg.querySelector("rect.box");
  const share = (name) => Number(box.getAttribute(name)) / svg.viewBox.baseVal.width;
  return { left: share("x"), width: share("width") };
}"""
FAKE_CAMERA = "--use-fake-device-for-media-stream"


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample clip as Motion JPEG, which Chromium plays as a camera, over and over."""
    path = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    with av.open(str(SAMPLE)) as clip, av.open(str(path), "w", format="mjpeg") as made:
        stream = made.add_stream("mjpeg", rate=25, options={"qscale": "3"})
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuvj420p"
        for frame in clip.decode(video=0):
            made.mux(stream.encode(frame.reformat(format="yuvj420p")))
        made.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    found = Served(tmp_path_factory.mktemp("serve") / "data", "--workers", "0")
    yield found
    found.end()


@pytest.fixture
def open_live(chromium: Browser, server: Served) -> Iterator[Callable[..., Page]]:
    """Open the page in a browser started with these arguments; no script may throw."""
    browsers, errors = [], []

    def go(*arguments: str) -> Page:
        browser = chromium.browser_type.launch(
            executable_path=chromium.browser_type.executable_path
            if not Path("/usr/bin/chromium").exists()
            else "/usr/bin/chromium",
            args=[*ARGUMENTS, *arguments],
        )
        browsers.append(browser)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(server.address + "/live/")
        return page

    yield go
    for browser in browsers:
        browser.close()
    assert errors == []


def test_a_camera_is_judged_and_switched_off_again(
    open_live: Callable[..., Page], camera: Path, server: Served
) -> None:
    page = open_live(
        FAKE_CAMERA, "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={camera}"
    )
    assert page.is_hidden("video")
    page.click("[data-start]")
    page.wait_for_selector(".word:not(:empty)")
    page.wait_for_function("() => document.getElementById('settled').value > 0.1")
    assert page.inner_text(".word") in {"Likely fake", "Likely real", "Inconclusive"}
    assert re.search(
        r"p\(fake\) [\d.<>]+ over the last \d+ s, >?\d+ % certain", page.inner_text(".live-verdict")
    )
    assert re.match(r"\d+ frames judged, \d+ dropped, \d+ ms", page.inner_text("[data-counts]"))
    assert page.locator("svg.boxes rect.box").count() == 1
    assert "Face 1 · " in (page.locator("svg.boxes text").text_content() or "")
    drawn = page.evaluate(BOX)
    assert 0.1 < drawn["width"] < 0.5
    assert 0.1 < drawn["left"] < 0.6
    analysed = int(page.inner_text("[data-counts]").split()[0])
    engines = [pid for web in server.children() for pid in server.children(web)]
    assert engines  # scored in a process of its own
    for pid in engines:
        os.kill(pid, signal.SIGKILL)
    page.wait_for_function(
        f"() => parseInt(document.querySelector('[data-counts]').textContent) > {analysed + 2}"
    )  # it has connected again, and another process answers
    page.click("[data-stop]")
    assert page.is_hidden("video")
    assert page.evaluate("document.querySelector('video').srcObject") is None
    assert "the camera is off" in page.inner_text("[data-meaning]").lower()
    with page.expect_download() as saved:
        page.click("[data-save]")
    frames = json.loads(Path(saved.value.path()).read_text())["frames"]
    assert frames[-1]["verdict"]["p_fake"] is not None
    assert not [*(server.folder / "media").rglob("*.*")]  # nothing is stored


def test_a_camera_that_is_refused_or_missing_is_explained(
    open_live: Callable[..., Page],
) -> None:
    for arguments, words in (((FAKE_CAMERA,), "was refused"), ((), "No camera was found")):
        page = open_live(*arguments)
        page.click("[data-start]")
        page.wait_for_selector("#problem:not([hidden])")
        assert words in page.inner_text("#problem")
        assert page.is_enabled("[data-start]")
