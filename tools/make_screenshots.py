"""The web application, with the bundled sample → the pictures in docs/images.

    facetell serve &
    python tools/make_screenshots.py http://127.0.0.1:8000 docs/images

Needs Chromium and Playwright (extra `dev`). The clip is in the public domain; no other is shown.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

SAMPLES = Path(__file__).parent.parent / "src/facetell/data/samples"
CLIP = SAMPLES / "astronaut_fake.mp4"
DESKTOP = ViewportSize(width=1200, height=940)
PHONE = ViewportSize(width=390, height=844)
LONGEST_MS = 180_000
WEBP_QUALITY = 80


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", help="address of a running server without accounts")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        take(browser, arguments.server, arguments.folder)
        browser.close()


def take(browser: Browser, server: str, folder: Path) -> None:
    """Send the sample, wait for its result, and keep what was seen on the way."""
    page = browser.new_page(viewport=DESKTOP, color_scheme="light")
    page.goto(server)
    page.set_input_files("#file", CLIP)
    page.wait_for_selector("#note-40 .every:not(:empty)", state="attached")
    keep(page, folder / "analyse.webp")
    page.click("#start button")
    page.wait_for_url("**/analyses/*/")
    page.wait_for_selector("#progress", state="detached", timeout=LONGEST_MS)
    page.wait_for_load_state("networkidle")
    keep(page, folder / "result.webp")
    phone = browser.new_page(viewport=PHONE, color_scheme="dark", device_scale_factor=2)
    phone.goto(page.url)
    phone.wait_for_load_state("networkidle")
    keep(phone, folder / "result-phone.webp")


def keep(page: Page, path: Path) -> None:
    """Write what the window shows as WebP."""
    page.wait_for_timeout(2000)  # the video's first picture comes after the page
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])


if __name__ == "__main__":
    main()
