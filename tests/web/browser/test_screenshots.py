"""The pictures of the docs: all are there and named by the script that makes them, which works."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from facetell.web.analyses.models import Analysis, Batch

pytest.importorskip("playwright.sync_api")
from make_screenshots import ANIMATION, SCENES, Addresses, take

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

DOCS = Path(__file__).parents[3] / "docs"
IMAGES = DOCS / "images"
NAMES = {name for scene in SCENES for name in scene.files}


def test_all_pictures_are_there_and_small() -> None:
    sizes = {path.name: path.stat().st_size for path in IMAGES.iterdir()}
    assert set(sizes) == NAMES | {ANIMATION}
    assert sizes.pop(ANIMATION) < 1_500_000
    assert max(sizes.values()) < 100_000
    assert sum(sizes.values()) < 1_200_000


def test_the_guide_shows_each_picture() -> None:
    shown = re.findall(r'="images/([\w.-]+)"', (DOCS / "guide.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(NAMES)


def test_the_animation_moves() -> None:
    with Image.open(IMAGES / ANIMATION) as animation:
        assert getattr(animation, "n_frames", 1) > 20


@pytest.mark.django_db(transaction=True)
def test_each_scene_can_be_taken_anew(
    chromium: Browser, live_server: LiveServer, own: Analysis, tmp_path: Path
) -> None:
    batch = Batch.objects.create(owner=own.owner)
    Analysis.objects.filter(pk=own.pk).update(batch=batch)
    at = Addresses(f"/analyses/{own.pk}/", f"/batches/{batch.pk}/")
    for scene in SCENES:
        once = replace(scene, themes=scene.themes[:1])
        take(chromium, live_server.url, once, at, tmp_path, settle_ms=0)
        name = once.files[0]
        with Image.open(tmp_path / name) as anew, Image.open(IMAGES / name) as kept:
            assert anew.width == kept.width, name
            colours = anew.convert("RGB").getcolors(anew.width * anew.height) or []
            assert len(colours) > 100, f"{name} is empty"
