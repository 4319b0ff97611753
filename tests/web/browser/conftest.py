"""Fixtures of the browser tests: Debian's Chromium, driven by Playwright, on a live server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TIMEOUT_MS = 10_000
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]


OpenPage = Callable[..., "Page"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser; its loop holds this thread, and must end before tests that run their own."""
    api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium: install it to run the browser tests")
    with api.sync_playwright() as playwright:
        # Playwright keeps a loop running in this thread, which Django takes for an async view
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page; an error in one of its scripts fails the test."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    context.close()
    assert errors == []


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[OpenPage]:
    """Open an address of the application in a window of its own, set up as asked.

    The test fails if a script throws, or if anything is asked of another server.
    """
    contexts, wrong = [], []

    def go(path: str, **settings: Any) -> Page:
        context = chromium.new_context(**settings)
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        found = context.new_page()
        found.on("pageerror", lambda error: wrong.append(str(error)))
        found.on("request", lambda request: check_address(request.url))
        found.goto(live_server.url + path)
        return found

    def check_address(url: str) -> None:
        if not url.startswith((live_server.url, "blob:", "data:")):
            wrong.append(f"asked for {url}")

    yield go
    for context in contexts:
        context.close()
    assert wrong == []
