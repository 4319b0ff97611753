"""The result page in a browser: boxes, timeline, frames and heat maps follow one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from facetell.web.analyses.models import Analysis

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)
BOXES = "[data-stage] .box"
READY = "(video => video.readyState >= 2 && !video.seeking)(document.querySelector('video'))"


@pytest.fixture
def result(page: Page, live_server: LiveServer, own: Analysis) -> Page:
    """The result of the sample clip, its player ready."""
    page.goto(f"{live_server.url}/analyses/{own.id}/")
    page.wait_for_selector(BOXES, state="attached")
    # not wait_for_function: the pages' policy forbids the eval with which it asks again
    for _ in range(100):
        if page.evaluate(READY):
            break
        page.wait_for_timeout(50)
    return page


def seek(page: Page, time_s: float) -> None:
    page.evaluate(
        """time => { const slider = document.querySelector('[data-scrub]'); slider.step = 'any';
        slider.value = time; slider.dispatchEvent(new Event('input')); }""",
        time_s,
    )
    page.wait_for_timeout(400)


def now(page: Page) -> str:
    return page.locator("[data-now]").inner_text()


def test_it_begins_with_the_first_scored_face_in_its_box(result: Page, own: Analysis) -> None:
    first = own.result.document["timeline"][0]
    left, top, right, bottom = first["box_xyxy"]
    box = result.locator(BOXES)
    place = [float(box.get_attribute(n) or "nan") for n in ("x", "y", "width", "height")]
    assert place == pytest.approx([left, top, right - left, bottom - top], abs=0.11)
    assert "between" not in (box.get_attribute("class") or "")
    assert f"{first['p_fake']:.2f} (scored)" in now(result)


def test_boxes_between_scored_frames_look_it(result: Page, own: Analysis) -> None:
    one, other = own.result.document["timeline"][:2]
    seek(result, (one["time_s"] + other["time_s"]) / 2)
    box = result.locator(BOXES)
    assert "between" in (box.get_attribute("class") or "")
    assert box.evaluate("box => getComputedStyle(box).strokeDasharray") != "none"
    assert "≈" in now(result)
    x = float(box.get_attribute("x") or "nan")
    lefts = sorted((one["box_xyxy"][0], other["box_xyxy"][0]))
    assert lefts[0] - 0.1 <= x <= lefts[1] + 0.1


def test_where_nobody_looked_there_is_no_box(result: Page) -> None:
    seek(result, 0.0)
    assert result.locator(BOXES).count() == 0
    assert "no scored frame here" in now(result)


def test_keys_step_through_the_scored_frames(result: Page, own: Analysis) -> None:
    times_s = [point["time_s"] for point in own.result.document["timeline"]]
    for time_s in times_s[1:3]:
        result.keyboard.press(".")
        result.wait_for_timeout(300)
        at = result.evaluate("document.querySelector('video').currentTime")
        assert at == pytest.approx(time_s, abs=0.04)
        assert "(scored)" in now(result)
    result.keyboard.press(",")
    result.wait_for_timeout(300)
    at = result.evaluate("document.querySelector('video').currentTime")
    assert at == pytest.approx(times_s[1], abs=0.04)


def test_a_click_on_the_timeline_seeks(result: Page, own: Analysis) -> None:
    plot = result.locator("svg.plot")
    plot.scroll_into_view_if_needed()
    place = plot.bounding_box()
    assert place
    plot.click(position={"x": place["width"] / 2, "y": 20})
    result.wait_for_timeout(300)
    length_s = own.result.document["media"]["duration_s"]
    at = result.evaluate("document.querySelector('video').currentTime")
    assert at == pytest.approx(length_s / 2, abs=0.05)
    x = (result.locator(".playhead line").get_attribute("x1") or "").rstrip("%")
    assert float(x) == pytest.approx(50, abs=2)


def test_heat_maps_come_at_a_key(result: Page) -> None:
    crop = result.locator("[data-heat]").first
    heat = crop.locator(".heat")
    crop.focus()
    assert heat.evaluate("image => getComputedStyle(image).opacity") == "0"
    result.keyboard.press("Enter")
    result.wait_for_timeout(400)
    assert crop.get_attribute("aria-pressed") == "true"
    assert heat.evaluate("image => getComputedStyle(image).opacity") == "1"


def test_the_playhead_fills_in_the_stretch(result: Page) -> None:
    seek(result, 2.0)
    result.locator("[data-from-playhead=start_s]").click()
    assert float(result.locator("#start_s").input_value()) == pytest.approx(2.0, abs=0.05)


def test_sampled_frames_stand_in_for_what_cannot_be_played(
    page: Page, live_server: LiveServer, own: Analysis
) -> None:
    times_s = [point["time_s"] for point in own.result.document["timeline"]]
    with default_storage.open(f"{own.folder}/faces/0.jpg") as file:
        picture = file.read()
    for number, _ in enumerate(times_s):
        name = f"{own.folder}/frames/{number}.jpg"
        default_storage.delete(name)
        default_storage.save(name, ContentFile(picture))
    own.result.pictures["frames"] = [{"time_s": time_s} for time_s in times_s]
    own.result.save()
    with default_storage.open(own.upload.file, "r+b") as file:
        file.seek(64)
        file.write(b"\0" * 4096)  # still an MP4 by its first bytes, and no browser plays it
    page.goto(f"{live_server.url}/analyses/{own.id}/")
    page.wait_for_selector("[data-stage] img", state="attached")
    assert "The sampled frames stand in" in page.locator("[data-unplayable-note]").inner_text()
    assert page.locator(BOXES).count() == 1
    assert now(page).startswith(f"{times_s[0]:.1f} s")
    page.locator("[data-scrub]").focus()
    page.keyboard.press("ArrowRight")
    assert now(page).startswith(f"{times_s[1]:.1f} s")
    assert page.locator(".shot.current").count() == 1
