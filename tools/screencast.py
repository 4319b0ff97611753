"""A walk through the web application → an animated WebP: one real upload, from clip to verdict."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Browser, Error, Page, ViewportSize

WINDOW = ViewportSize(width=1000, height=750)
SIZE_PX = (800, 600)
WEBP_QUALITY = 55
STEPS = 5  # pictures of the pointer on its way
STEP_MS = 60
# the outline of a pointer whose tip is at 0, 0, in pixels
ARROW = ((0, 0), (0, 18), (4, 14), (7, 21), (10, 20), (7, 13), (13, 13))
LONGEST_S = 180.0


@dataclass
class Screencast:
    """Pictures of a page, each with the time that it stays; the pointer is drawn on them.

    Attributes:
        page: what is recorded.
    """

    page: Page
    _pointer_xy: tuple[float, float] = (600, 560)
    _pictures: list[Image.Image] = field(default_factory=list)
    _stays_ms: list[int] = field(default_factory=list)

    def hold(self, stay_ms: int) -> None:
        """Keep what is to be seen; the same as before only stays longer."""
        picture = self._shot()
        if self._pictures and not ImageChops.difference(picture, self._pictures[-1]).getbbox():
            self._stays_ms[-1] += stay_ms
            return
        self._pictures.append(picture)
        self._stays_ms.append(stay_ms)

    def watch(self, seconds: float, until: str = "") -> None:
        """Keep what happens, as fast as it goes, until a selector is there or the time is over."""
        begun_s = last_s = time.monotonic()
        while last_s < begun_s + seconds and not (until and self.page.locator(until).count()):
            self.hold(0)
            now_s = time.monotonic()
            self._stays_ms[-1] += round(1000 * (now_s - last_s))
            last_s = now_s

    def click(self, selector: str) -> None:
        """Move the pointer to the middle of an element, and press."""
        box = self.page.locator(selector).first.bounding_box()
        assert box, selector
        x, y = self._pointer_xy
        to_x, to_y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for step in range(1, STEPS + 1):
            share = step / STEPS
            self._pointer_xy = (x + share * (to_x - x), y + share * (to_y - y))
            self.hold(STEP_MS)
        self.page.mouse.click(to_x, to_y)

    def scroll_to(self, selector: str) -> None:
        """Bring an element into the window, in a few steps."""
        box = self.page.locator(selector).first.bounding_box()
        assert box, selector
        for _ in range(STEPS):
            self.page.mouse.wheel(0, (box["y"] - 60) / STEPS)
            self.page.wait_for_timeout(STEP_MS)
            self.hold(STEP_MS)

    def save(self, path: Path) -> None:
        """Write all of it, to be played again and again."""
        first, *others = self._pictures
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=self._stays_ms,
            loop=0,
            quality=WEBP_QUALITY,
        )

    def _shot(self) -> Image.Image:
        picture = Image.open(io.BytesIO(self._seen())).convert("RGB")
        x, y = self._pointer_xy
        ImageDraw.Draw(picture).polygon(
            [(x + dx, y + dy) for dx, dy in ARROW], fill="black", outline="white"
        )
        return picture.resize(SIZE_PX, Image.Resampling.LANCZOS)

    def _seen(self) -> bytes:
        try:
            return self.page.screenshot()
        except Error:  # just then one page went and the next one came
            self.page.wait_for_load_state()
            return self.page.screenshot()


def record(browser: Browser, server: str, clip: Path, path: Path) -> None:
    """Send a clip, follow its analysis, play the result, and look where the model looked."""
    page = browser.new_page(viewport=WINDOW, color_scheme="light")
    page.goto(server)
    page.wait_for_load_state("networkidle")
    cast = Screencast(page)
    cast.hold(1200)
    page.set_input_files("#file", clip)
    page.wait_for_selector("#note-40 .every:not(:empty)", state="attached")
    cast.hold(1500)
    cast.scroll_to("#start")
    cast.click("#start button")
    cast.watch(LONGEST_S, until="section.player")
    page.wait_for_load_state("networkidle")
    cast.hold(2500)
    cast.scroll_to("section.player")
    page.keyboard.press(" ")
    cast.watch(3.0)
    page.keyboard.press(" ")
    cast.scroll_to("section[aria-labelledby=faces]")
    cast.hold(800)
    cast.click("[data-heat-all]")
    page.wait_for_timeout(500)
    cast.hold(2500)
    page.context.close()
    cast.save(path)
