"""`facetell models`: the models that are here, with the numbers and terms of each card."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from facetell.cli import EXIT_FAILED_INPUT, EXIT_OK, print_error
from facetell.cli.parser import Parser
from facetell.errors import ModelError
from facetell.wording import printable

if TYPE_CHECKING:
    from facetell.weights import Metric, ModelCard

_WIDTH = 92
_ROW = "{:<16}  {:>8}  {:<22}  {:>7}  {}"


def main(arguments: Sequence[str]) -> int:
    """Print each card; the status tells whether all models are whole."""
    chosen = _parser().parse_args(arguments)
    from facetell import ensemble, weights

    cards = ensemble.members(ensemble.find(chosen.model)) if chosen.model else weights.available()
    damages = [_damage(card) for card in cards]
    if chosen.json:
        for card in cards:
            print(json.dumps(asdict(card), default=str))
    else:
        if not chosen.model and cards:
            print("\n".join(table(cards)), end="\n\n")
        for card, damage in zip(cards, damages, strict=True):
            print("\n".join(describe(card, damage)), end="\n\n")
    if not cards:
        print_error("no model is bundled with this installation: install facetell again")
    return EXIT_FAILED_INPUT if any(damages) or not cards else EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="facetell models",
        description="Lists the models that can be given to `facetell scan --model`: a table, "
        "then how well each did on which data, its limits and its terms of use. Checks that its "
        "file is unaltered.",
    )
    parser.add_argument("model", nargs="?", metavar="NAME", help="only this one, or a card's path")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    return parser


def _damage(card: ModelCard) -> str:
    """Why the model cannot be used; empty if it can."""
    from facetell import weights

    try:
        weights.verify(card)
    except ModelError as error:
        return str(error)
    return ""


def table(cards: Sequence[ModelCard]) -> Iterator[str]:
    """All cards as lines of one table; the widest column comes last."""
    yield _ROW.format("NAME", "SIZE", "VIDEO AUC", "SECONDS", "FOR")
    for card in cards:
        auc, seconds = _measured(card, "video_auc"), _measured(card, "seconds")
        yield _ROW.format(
            printable(card.name),
            _size(card),
            _number(auc) if auc else "-",
            f"{seconds.value:.3g}" if seconds else "-",
            printable(card.purpose) or "-",
        ).rstrip()


def _size(card: ModelCard) -> str:
    path = card.graph_path
    return f"{path.stat().st_size / 1e6:.1f} MB" if path.is_file() else "-"


def _measured(card: ModelCard, name: str) -> Metric | None:
    return next((m for m in card.metrics if m.name.lower().replace(" ", "_") == name), None)


def _number(metric: Metric) -> str:
    if metric.low is None or metric.high is None:
        return f"{metric.value:.3f}"
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"


def describe(card: ModelCard, damage: str = "") -> Iterator[str]:
    """A card as lines for people."""
    yield f"{printable(card.name)} {printable(card.version)}"
    if damage:
        yield from _wrapped("damaged", damage)
    yield from _wrapped("architecture", card.architecture)
    yield from _wrapped("file", f"{card.graph_path}, SHA-256 {card.sha256}")
    yield from _wrapped(
        "verdicts",
        f"fake from p(fake) {card.thresholds.fake:.2f}, real up to {card.thresholds.real:.2f}, "
        "inconclusive between",
    )
    if not card.calibration.fitted:
        yield from _wrapped("", "never calibrated: how often it errs is not known")
    yield from _wrapped("trained on", card.trained_on)
    for number, metric in enumerate(card.metrics):
        yield from _wrapped("" if number else "measured", _told(metric))
    for number, limit in enumerate(card.limits):
        yield from _wrapped("" if number else "limits", f"- {limit}")
    yield from _wrapped("terms of use", card.terms)
    yield from _wrapped("made", card.made)


def _told(metric: Metric) -> str:
    between = ""
    if metric.low is not None and metric.high is not None:
        between = f" (95 % interval {metric.low:.3g} to {metric.high:.3g})"
    return f"{metric.name} {metric.value:.3g}{between} on {metric.sample}"


def _wrapped(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=f"  {name:<14}",
        subsequent_indent=" " * 16,
        break_long_words=False,
        break_on_hyphens=False,
    )
