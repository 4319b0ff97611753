"""axe finds nothing on any page, in either theme, wide or narrow, everything unfolded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from facetell.web.analyses import sharing
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.models import Analysis, Batch, Status
from facetell.web.analyses.submission import submit
from tests.web.browser.conftest import OpenPage

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Path = Callable[[Analysis], str]


def failed(own: Analysis) -> str:
    Analysis.objects.update(status=Status.FAILED, error_code="corrupt", error_message="a.mp4: no")
    return f"/analyses/{own.pk}/"


def no_face(own: Analysis) -> str:
    own.result.document |= {"label": "no_face", "p_fake": None, "tracks": [], "timeline": []}
    own.result.save()
    return f"/analyses/{own.pk}/"


def batch(own: Analysis) -> str:
    files = Batch.objects.create(owner=own.owner)
    submit(own.owner, own.upload, Settings(frames="6", model="tiny"), files)
    Analysis.objects.filter(pk=own.pk).update(batch=files)
    return f"/batches/{files.pk}/"


def shared(own: Analysis) -> str:
    return f"/shared/{sharing.token_of(sharing.share(own, 7, with_video=True))}/"


def with_links(own: Analysis) -> str:
    shared(own)
    return f"/analyses/{own.pk}/"


PAGES: dict[str, Path] = {
    "upload": lambda _: "/",
    "history": lambda _: "/analyses/",
    "live": lambda _: "/live/",
    "model": lambda _: "/about/",
    "privacy": lambda _: "/privacy/",
    "nothing": lambda _: "/nothing/",
    "failed": failed,
    "result": with_links,
    "no face": no_face,
    "shared": shared,
    "compare": lambda own: f"/analyses/{own.pk}/compare/",
    "delete": lambda own: f"/analyses/{own.pk}/delete/",
    "batch": batch,
}


def violations(page: Page) -> list[str]:
    """What axe finds, with the elements."""
    script = pytest.importorskip("axe_playwright_python.base").AXE_SCRIPT
    page.evaluate("document.querySelectorAll('main details').forEach(each => (each.open = true))")
    page.evaluate(script)
    options = json.dumps({"runOnly": RULES, "resultTypes": ["violations"]})
    found = page.evaluate(f"axe.run(document, {options})")["violations"]
    return [f"{v['id']}: {[n['html'][:120] for n in v['nodes']]}" for v in found]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("theme", "width"), [("light", 1200), ("dark", 390)])
def test_axe_finds_nothing(
    open_page: OpenPage, own: Analysis, name: str, theme: str, width: int
) -> None:
    page = open_page(
        PAGES[name](own),
        color_scheme=theme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    )
    assert page.locator("h1").count() == 1
    assert violations(page) == []
