"""What all pages share: themes and keys."""

from __future__ import annotations

import pytest

from facetell.web.analyses.models import Analysis
from tests.web.browser.conftest import OpenPage

pytestmark = pytest.mark.django_db(transaction=True)
THEME = "document.documentElement.dataset.bsTheme"


def test_it_follows_the_system_until_somebody_chooses(open_page: OpenPage) -> None:
    page = open_page("/", color_scheme="dark")
    assert page.evaluate(THEME) == "dark"
    page.emulate_media(color_scheme="light")
    page.wait_for_selector("html[data-bs-theme=light]", state="attached")
    page.click("[data-theme-switch]")
    assert page.evaluate(THEME) == "dark"
    page.reload()
    assert page.evaluate(THEME) == "dark"


def test_the_theme_is_there_before_anything_is_painted(open_page: OpenPage) -> None:
    page = open_page("/privacy/")
    script = page.locator("head script[src*=theme]")
    # neither deferred nor a module: the body is not read before it has run
    assert script.evaluate("e => e.defer || e.async || e.type") == ""
    assert script.evaluate("e => e.nextElementSibling.rel") == "stylesheet"


def test_its_colours_follow_the_system_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False, color_scheme="dark")
    dark = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert dark == "rgb(19, 19, 21)"


def test_keys_go_where_the_list_says_and_can_be_switched_off(open_page: OpenPage) -> None:
    page = open_page("/")
    page.keyboard.press("?")
    assert page.locator("#keys dd").all_inner_texts()[:2] == ["Analyse", "History"]
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.wait_for_url("**/analyses/")
    page.keyboard.press("/")
    page.keyboard.type("h?")
    assert page.input_value("#q") == "h?"
    page.click("[data-keys-open]")
    page.uncheck("#keys input")
    page.click("#keys button")
    page.keyboard.press("m")
    assert page.url.endswith("/analyses/")


@pytest.mark.parametrize("path", ["/", "/analyses/", "/about/", "/privacy/", "/nothing/"])
@pytest.mark.parametrize("width", [320, 390, 820])
def test_nothing_is_wider_than_a_phone(open_page: OpenPage, path: str, width: int) -> None:
    page = open_page(path, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_comparison_fits_a_phone_in_german(open_page: OpenPage, own: Analysis) -> None:
    Analysis.objects.update(frames="10")  # one of the counts that are compared
    phone = {"width": 390, "height": 800}
    page = open_page(f"/analyses/{own.pk}/compare/", viewport=phone, locale="de-DE")
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.locator(".compare-table td[data-label]").count() == 4
    assert page.locator(".table-responsive").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_the_languages_open_and_close_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/")
    page.focus("summary.tool")
    page.keyboard.press("Enter")
    assert page.is_visible("text=Deutsch")
    page.keyboard.press("Escape")
    assert not page.is_visible("text=Deutsch")
    page.click("summary.tool")
    page.click("text=Português")
    assert page.get_attribute("html", "lang") == "pt"
