from __future__ import annotations

import itertools

import pytest

from facetell.report.style import DARK, LIGHT, SERIES

WORDS = ("text", "muted", "fake", "real", "inconclusive", "no_face", "error")


def _linear(colour: str) -> list[float]:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, definition of contrast ratio."""
    weights = (0.2126, 0.7152, 0.0722)
    lights = sorted(
        sum(w * c for w, c in zip(weights, _linear(colour), strict=True)) for colour in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _mixed(over: str, under: str, opacity: float) -> str:
    pairs = [(int(over[i : i + 2], 16), int(under[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * opacity + b * (1 - opacity)):02x}" for a, b in pairs)


def test_it_measures_contrast_as_wcag_does() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_it_has_legible_words_on_every_surface(palette: dict[str, str]) -> None:
    for word, surface in itertools.product(WORDS, ("page", "surface", "sunken")):
        assert _contrast(palette[word], palette[surface]) >= 4.5, (word, surface)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_it_has_visible_lines_in_every_zone_of_the_chart(palette: dict[str, str]) -> None:
    zones = [palette["surface"]]
    zones += [_mixed(palette[zone], palette["surface"], 0.16) for zone in ("fake", "real")]
    lines = [f"series-{number}" for number in range(SERIES)] + ["fake", "real"]
    for line, zone in itertools.product(lines, zones):
        assert _contrast(palette[line], zone) >= 3, (line, zone)


def test_it_gives_both_themes_the_same_names() -> None:
    assert list(LIGHT) == list(DARK)
