"""Card and options → how a verdict came about: method, settings, error rates, the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reportlab.platypus import Flowable, KeepTogether, Paragraph

from facetell.options import Options
from facetell.report import facts
from facetell.report.pdf_layout import BODY, NOTE, definitions, gap, heading, table
from facetell.report.pdf_text import markup
from facetell.report.statements import method
from facetell.weights import Metric, ModelCard

_CALLED = ("fake", "inconclusive", "real")


def method_pages(card: ModelCard, options: Options | None) -> list[Flowable]:
    """All that a reader needs to weigh the verdict, and to come to it again."""
    return [
        *heading("How it was found"),
        *_paragraphs(method(card.calibration.fitted)),
        KeepTogether([*heading("Settings", 1), definitions(facts.settings(card, options))]),
        KeepTogether([*heading("Thresholds, and how often they err"), *_error_rates(card)]),
        *heading("The model"),
        definitions(facts.model_background(card)),
        *_metrics(card.metrics),
    ]


def _paragraphs(sentences: Iterable[str]) -> list[Flowable]:
    return [part for words in sentences for part in (Paragraph(markup(words), BODY), gap(4))]


def _error_rates(card: ModelCard) -> list[Flowable]:
    told = (
        f"The verdict is fake where p(fake) is at least {card.thresholds.fake:.3g}, real where it "
        f"is at most {card.thresholds.real:.3g}, and inconclusive between."
    )
    rates = facts.error_rates(card)
    if not rates:
        return _paragraphs([told, "How often they err was not measured for this model."])
    rows = [
        (
            truth.capitalize(),
            *(_percent(found.get(label)) for label in _CALLED),
            next(iter(found.values())).sample,
        )
        for truth, found in rates.items()
    ]
    head = ("In truth", *(f"called {label}" for label in _CALLED), "Measured on")
    return [
        *_paragraphs([told]),
        table(head, rows, (0.1, 0.17, 0.23, 0.16, 0.34)),
        gap(3),
        Paragraph("In brackets the 95 % interval.", NOTE),
    ]


def _percent(metric: Metric | None) -> str:
    if metric is None:
        return "-"
    if metric.low is None or metric.high is None:
        return f"{100 * metric.value:.0f} %"
    return f"{100 * metric.value:.0f} % ({100 * metric.low:.0f}–{100 * metric.high:.0f})"


def _metrics(metrics: Sequence[Metric]) -> list[Flowable]:
    rows = [(m.name, f"{m.value:.3g}", facts.interval(m), m.sample) for m in metrics]
    if not rows:
        return []
    head = ("Measure", "Value", "95 % interval", "Measured on")
    return [*heading("How well it does", 1), table(head, rows, (0.34, 0.11, 0.2, 0.35))]
