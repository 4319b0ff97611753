"""Verdicts, statuses, stages and numbers as pages show them."""

from __future__ import annotations

from typing import Any, cast

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from facetell import wording
from facetell.report import icons
from facetell.verdict import Label
from facetell.web.analyses import sentences
from facetell.web.pages import words
from facetell.weights import Metric

register = template.Library()


@register.simple_tag
def verdict_icon(label: str) -> SafeString:
    """Return a verdict's shape as inline SVG."""
    return mark_safe(icons.icon(cast("Label", label)))  # noqa: S308 (one of five) # nosec B308 B703


@register.simple_tag
def verdict(label: str) -> SafeString:
    """Return a verdict's shape and words in its colour."""
    return format_html(
        '<span class="word {}">{} {}</span>', label, verdict_icon(label), verdict_words(label)
    )


@register.filter
def verdict_words(label: str) -> str:
    """Return a verdict in words."""
    return str(words.VERDICTS[cast("Label", label)])


@register.filter
def verdict_meaning(label: str) -> str:
    """Return what a verdict means, in a sentence."""
    return str(words.MEANINGS[cast("Label", label)])


@register.filter
def status_words(status: str) -> str:
    """Return a status in words."""
    return str(words.STATUSES[status])


@register.filter
def stage_words(stage: str) -> str:
    """Return a stage of the pipeline in words."""
    return str(words.STAGES.get(stage, stage))


@register.filter
def told(text: object, kept: dict[str, Any] | None = None) -> str:
    """Return what the pipeline, a problem or a model's card says, in the reader's language."""
    return sentences.told(text, kept)


@register.filter
def sample_words(metric: Metric) -> str:
    """Return on what a number was measured."""
    on = sentences.told(metric.on)
    return on if metric.n is None else f"{metric.n} {on}"


@register.filter
def probability(value: float | None) -> str:
    """Return a probability with two decimals, never as a certainty."""
    return wording.probability(value)


@register.filter
def clock(time_s: float) -> str:
    """Return a place in a video as people write it."""
    return wording.clock(time_s)


@register.filter
def seconds(time_s: float) -> str:
    """Return a length of time as people say it."""
    return wording.clock(time_s)
