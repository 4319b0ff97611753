"""The progress page follows an analysis by events, and by asking where those are cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from facetell.web.accounts.people import sole_user
from facetell.web.analyses.choices import Settings
from facetell.web.analyses.models import Analysis, Status
from facetell.web.analyses.submission import submit
from facetell.web.analyses.uploads import keep
from tests.web.browser.conftest import OpenPage

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.django_db(transaction=True)
State = dict[str, object]
WAITING: State = {"status": "queued", "queue_place": 3, "progress": None}
RUNNING: State = {
    "status": "running",
    "queue_place": None,
    "progress": {"stage": "frames", "done": 17, "total": 60},
}


@pytest.fixture
def waiting(transactional_db: None) -> Analysis:
    """An analysis of the one who looks."""
    owner = sole_user()
    return submit(owner, keep(owner, [b"a video"], "a.mp4"), Settings())[0]


def say(page: Page, *states: State) -> None:
    """Answer the next listeners with these states, one each; the last one again and again."""
    left = list(states)

    def answer(route: Route) -> None:
        state = left.pop(0) if len(left) > 1 else left[0]
        body = f"retry: 100\n\nevent: state\ndata: {json.dumps(state)}\n\n"
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    page.context.route("**/events", answer)


def open_progress(open_page: OpenPage, waiting: Analysis, *states: State) -> Page:
    page = open_page("/privacy/")
    say(page, *states)
    page.goto(page.url.replace("/privacy/", f"/analyses/{waiting.pk}/"))
    return page


def test_it_follows_events(open_page: OpenPage, waiting: Analysis) -> None:
    page = open_progress(open_page, waiting, WAITING, RUNNING)
    page.wait_for_selector("text=Number 3 in the queue")
    page.wait_for_selector("text=Frame 17 of about 60")
    assert page.get_attribute("[aria-current=step]", "data-stage") == "frames"
    assert page.get_attribute("#bar", "value") == "17"
    assert page.locator("#bar").get_attribute("max") == "60"


def test_the_last_stage_lasts_until_the_reports_are_written(
    open_page: OpenPage, waiting: Analysis
) -> None:
    Analysis.objects.update(status=Status.RUNNING, stage="writing")
    writing = RUNNING | {"progress": {"stage": "writing", "done": 60, "total": None}}
    page = open_progress(open_page, waiting, writing)
    last = "[data-stage=judging][aria-current=step]"
    page.wait_for_selector(last)
    page.wait_for_selector("#said:text('Weighing the scores')")
    page.context.route("**/*.js", lambda route: route.abort())
    page.reload()
    assert page.locator(last).count() == 1
    assert "Weighing the scores" in page.inner_text("#said")


def test_it_asks_where_events_are_cut(open_page: OpenPage, waiting: Analysis) -> None:
    page = open_page("/privacy/")
    page.context.route("**/events", lambda route: route.fulfill(status=502, body=""))
    page.goto(page.url.replace("/privacy/", f"/analyses/{waiting.pk}/"))
    page.wait_for_selector("text=Next in the queue")
    page.evaluate("document.body.dataset.here = 'still'")
    Analysis.objects.update(status=Status.RUNNING, stage="frames", done=17, total=60)
    page.wait_for_selector("text=Frame 17 of about 60")
    assert page.get_attribute("#bar", "value") == "17"
    assert page.get_attribute("body", "data-here") == "still"
    Analysis.objects.update(status=Status.CANCELLED)
    page.wait_for_selector("h1:text('Cancelled')")


def test_its_end_shows_what_came_out(open_page: OpenPage, waiting: Analysis) -> None:
    Analysis.objects.update(status=Status.RUNNING)
    page = open_progress(open_page, waiting, RUNNING)
    page.wait_for_selector("text=Frame 17")
    Analysis.objects.update(status=Status.FAILED, error_code="corrupt", error_message="a.mp4: no")
    page.context.unroute("**/events")
    say(page, {"status": "failed"})
    page.wait_for_selector("text=This could not be analysed")
    assert "a.mp4: no" in page.inner_text("main")


def test_cancelling_says_so_and_offers_to_begin_again(
    open_page: OpenPage, waiting: Analysis
) -> None:
    page = open_progress(open_page, waiting, WAITING)
    page.wait_for_selector("text=Number 3")
    page.keyboard.press("c")
    page.wait_for_selector("h1:text('Cancelled')")
    page.click("text=Try again")
    page.wait_for_selector("h1:text('Looking at the faces')")
    assert Analysis.objects.count() == 2
