from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from facetell import weights
from facetell.web.pages.model_facts import facts_of

pytestmark = pytest.mark.django_db


def test_it_tells_each_models_numbers_and_terms(client: Client, tiny: str) -> None:
    page = client.get("/about/").content.decode()
    card = weights.find("default")
    called = next(m for m in card.metrics if m.name == "real called fake")
    assert f"{round(100 * called.value)} Likely fake" in page
    for text in (card.sha256, card.version, f"{card.thresholds.fake:.2f}", tiny):
        assert text in page
    assert card.limits[0].split(":")[0] in page


def test_its_rates_are_the_cards_and_fill_the_bar() -> None:
    card = weights.find("default")
    real, fake = facts_of(card).errors
    assert [rate.label for rate in real.rates] == ["fake", "inconclusive", "real"]
    for errors in (real, fake):
        assert sum(float(rate.width.rstrip("%")) for rate in errors.rates) == pytest.approx(
            100, abs=0.1
        )


def test_it_says_nothing_that_was_not_measured() -> None:
    facts = facts_of(replace(weights.find("default"), metrics=()))
    assert (facts.errors, facts.videos, facts.stills) == ((), (), ())


@pytest.mark.parametrize(
    ("days", "words"), [(7, "deleted 7 days after"), (1, "deleted 1 day after"), (0, "as soon as")]
)
def test_privacy_says_how_long_things_are_kept(
    client: Client, settings: Any, days: int, words: str
) -> None:
    settings.RETENTION_DAYS = days
    assert words in client.get("/privacy/").content.decode()
