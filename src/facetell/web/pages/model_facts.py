"""A model's card → what the page about it says: rates of error and ranking, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from facetell.weights import Metric, ModelCard

_ANSWERS = ("fake", "inconclusive", "real")
_KINDS: dict[str, str | Promise] = {
    "": _("all kinds"),
    "face swap": _("face swaps"),
    "lip-sync": _("lips made to speak"),
    "portrait brought to life": _("portraits brought to life"),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of a hundred, with the interval; places are percent for SVG."""

    label: str
    of_100: int
    low: int | None
    high: int | None
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Errors:
    """What becomes of real or of fake files."""

    truth: str
    sample: Metric
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """In how many of a hundred pairs the fake file scores higher than the real one."""

    kind: str | Promise
    metric: Metric
    of_100: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model, as people read about it."""

    card: ModelCard
    size_mb: str | None
    errors: tuple[Errors, ...]
    videos: tuple[Ranking, ...]
    stills: tuple[Ranking, ...]
    seconds: tuple[Metric, ...]


def facts_of(card: ModelCard) -> ModelFacts:
    """Read a card."""
    kinds = tuple(_rankings(card, "video_auc"))
    return ModelFacts(
        card=card,
        size_mb=_size_mb(card),
        errors=tuple(e for truth in ("real", "fake") if (e := _errors(card, truth))),
        videos=kinds,
        stills=tuple(_rankings(card, "frame_auc")),
        seconds=tuple(m for m in card.metrics if m.name.startswith("seconds")),
    )


def _size_mb(card: ModelCard) -> str | None:
    """None where the graph is gone: the page about it must still open."""
    try:
        return f"{card.graph_path.stat().st_size / 1e6:.1f}"
    except OSError:
        return None


def _errors(card: ModelCard, truth: str) -> Errors | None:
    """The three answers to files of one truth; None where they were not measured."""
    named = {m.name: m for m in card.metrics}
    found = [named.get(f"{truth} called {answer}") for answer in _ANSWERS]
    rates: list[Rate] = []
    start = 0.0
    for answer, metric in zip(_ANSWERS, found, strict=True):
        if metric is None:
            return None
        x, width = f"{100 * start:.2f}%", f"{100 * metric.value:.2f}%"
        rates.append(Rate(answer, *_hundred(metric), x=x, width=width))
        start += metric.value
    assert found[0] is not None
    return Errors(truth, found[0], tuple(rates))


def _rankings(card: ModelCard, name: str) -> Iterator[Ranking]:
    for metric in card.metrics:
        prefix, _, kind = metric.name.partition(" ")
        if prefix == name and kind in _KINDS:
            yield Ranking(_KINDS[kind], metric, *_hundred(metric))


def _hundred(metric: Metric) -> tuple[int, int | None, int | None]:
    low = None if metric.low is None else round(100 * metric.low)
    high = None if metric.high is None else round(100 * metric.high)
    return round(100 * metric.value), low, high
