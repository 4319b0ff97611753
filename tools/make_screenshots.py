"""The web application at work on the bundled samples → the pictures in docs/images.

    python tools/make_screenshots.py docs/images      # or: make screenshots

It starts a server of its own, sends the samples, takes each scene in its themes, and records the
way from a clip to its verdict as an animation. Only the bundled clips are shown, which are in the
public domain. Needs Chromium and the extra `dev`.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from screencast import record

SAMPLES = Path(__file__).parent.parent / "src/facetell/data/samples"
FAKE, REAL = SAMPLES / "astronaut_fake.mp4", SAMPLES / "astronaut_real.mp4"
ANIMATION = "demo.webp"
DESKTOP = ViewportSize(width=1200, height=940)
PHONE = ViewportSize(width=390, height=844)
LONGEST_MS = 180_000
WEBP_QUALITY = 75


@dataclass(frozen=True, slots=True)
class Addresses:
    """Paths of pages that show something.

    Attributes:
        result: an analysis that is done.
        batch: files sent together.
    """

    result: str
    batch: str


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: a page, what is done on it, and the part that is kept.

    Attributes:
        name: of the picture's file, without theme and ending.
        path: the page.
        act: brings the page to what is to be seen.
        part: selector of the element that is kept; the window without one.
        phone: in a phone's window, at twice the density.
        themes: one picture each.
    """

    name: str
    path: Callable[[Addresses], str]
    act: Callable[[Page], None] = lambda _: None
    part: str = ""
    phone: bool = False
    themes: tuple[str, ...] = ("light", "dark")

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the pictures."""
        return tuple(f"{self.name}-{theme}.webp" for theme in self.themes)


def choose_clip(page: Page) -> None:
    """Choose the sample on the start page, and wait until its length is known."""
    page.set_input_files("#file", FAKE)
    page.wait_for_selector("#note-40 .every:not(:empty)", state="attached")


def show_heat(page: Page) -> None:
    """Turn the crops of the first face into heat maps, but the first."""
    page.click("[data-heat-all]")
    page.click("[data-heat]")


SCENES = (
    Scene("analyse", lambda _: "/", choose_clip),
    Scene("analyse-phone", lambda _: "/", choose_clip, phone=True, themes=("light",)),
    Scene("result", lambda at: at.result),
    Scene("result-phone", lambda at: at.result, phone=True, themes=("dark",)),
    Scene("timeline", lambda at: at.result, part="figure.timeline"),
    Scene("faces", lambda at: at.result, show_heat, "section[aria-labelledby=faces]"),
    Scene("closer", lambda at: at.result, part="section[aria-labelledby=closer]"),
    Scene("compare", lambda at: f"{at.result}compare/", part="main"),
    Scene("history", lambda _: "/analyses/", part="main"),
    Scene("batch", lambda at: at.batch, part="main"),
    Scene("model", lambda _: "/about/"),
    Scene("keys", lambda at: at.result, lambda page: page.keyboard.press("?"), "#keys"),
)


def main() -> None:
    """Take all pictures and the animation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with served() as server, sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        record(browser, server, FAKE, folder / ANIMATION)
        addresses = send(browser, server)
        for scene in SCENES:
            take(browser, server, scene, addresses, folder)
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """Run a server with a data folder of its own; yield its address."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {n: v for n, v in os.environ.items() if not n.startswith("FACETELL_")}
        with subprocess.Popen(
            [sys.executable, "-m", "facetell", "serve", "--port", "0", "--workers", "1"],
            env=kept | {"FACETELL_DATA_DIR": folder, "FACETELL_LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found, "the server did not start"
            try:
                yield found[0]
            finally:
                server.terminate()


def send(browser: Browser, server: str) -> Addresses:
    """Have a sample analysed with every number of frames, and a batch with a broken file in it."""
    page = browser.new_page()
    page.set_default_timeout(LONGEST_MS)
    page.goto(server)
    page.set_input_files("#file", FAKE)
    page.click("#start button")
    page.wait_for_selector("section.player")
    result = page.url.removeprefix(server)
    page.goto(f"{page.url}compare/")
    page.click("main form button")
    page.wait_for_selector("[data-comparison][data-pending='0']")
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "cut_off.mp4"
        broken.write_bytes(FAKE.read_bytes()[:100_000])
        page.goto(server)
        page.set_input_files("#file", [REAL, FAKE, broken])
        page.check("[name=frames][value='20']")
        page.click("#start button")
        page.wait_for_selector("[data-part=cancel]:not(:has(button))", state="attached")
    batch = page.url.removeprefix(server)
    page.context.close()
    return Addresses(result, batch)


def take(
    browser: Browser,
    server: str,
    scene: Scene,
    at: Addresses,
    folder: Path,
    settle_ms: int = 800,
) -> None:
    """Write the pictures of a scene; the video's first picture comes a while after its page."""
    window = PHONE if scene.phone else DESKTOP
    for theme, name in zip(scene.themes, scene.files, strict=True):
        page = browser.new_page(
            viewport=window,
            color_scheme="dark" if theme == "dark" else "light",
            device_scale_factor=2 if scene.phone else 1,
        )
        page.goto(server + scene.path(at))
        page.wait_for_load_state("networkidle")
        scene.act(page)
        page.wait_for_timeout(settle_ms)
        shot = page.locator(scene.part).screenshot() if scene.part else page.screenshot()
        picture = Image.open(io.BytesIO(shot)).convert("RGB")
        picture.save(folder / name, quality=WEBP_QUALITY, method=6)
        page.context.close()


if __name__ == "__main__":
    main()
