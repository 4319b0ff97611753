"""Cards of several models → one card of them all: an ensemble, as `--model a,b` names it.

The members see the same faces, each in its own crop. Their logits are calibrated one by one and
then averaged, so that a model that shouts does not outvote one that whispers.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetell import weights
from facetell.errors import ModelMismatch, UsageError
from facetell.weights import Calibration, ModelCard, Thresholds

SEPARATOR = ","


@dataclass(frozen=True, slots=True)
class EnsembleCard(ModelCard):
    """A card whose logits are the mean of its members' calibrated logits.

    What only one graph can have (path, file, input, crop) is the first member's. `sha256` is that
    of the members' own, joined by commas. There are no metrics: those of the members do not add
    up, so an ensemble is measured like any other model.

    Attributes:
        members: two or more, in the order in which they were named.
    """

    members: tuple[ModelCard, ...]


def find(names: str | Path) -> ModelCard:
    """Read the card of a model, or of several whose names or paths are joined by commas.

    Raises:
        ModelNotFound: there is no such model.
        ModelMismatch: a card cannot be understood, or the members cannot judge together.
        UsageError: a model is named twice.
    """
    parts = [part.strip() for part in str(names).split(SEPARATOR)]
    if len(parts) == 1 or Path(names).is_file():
        return weights.find(names)
    return join([weights.find(part) for part in parts])


def members(card: ModelCard) -> tuple[ModelCard, ...]:
    """Return the cards that have a graph: those of an ensemble, or the card itself."""
    return card.members if isinstance(card, EnsembleCard) else (card,)


def join(cards: Sequence[ModelCard]) -> EnsembleCard:
    """Make one card of several.

    Its `real_std` is the mean of the members', as if their errors always went together: that is
    the most it can be, so that many faces are corrected for rather too much than too little.

    Raises:
        ModelMismatch: they were made for other detectors or frames of other times.
        UsageError: a model is named twice.
    """
    _check(cards)
    first, hashes = cards[0], SEPARATOR.join(card.sha256 for card in cards)
    return EnsembleCard(
        path=first.path,
        name=_joined(cards, lambda card: card.name),
        version=_joined(cards, lambda card: card.version),
        file=first.file,
        sha256=hashlib.sha256(hashes.encode()).hexdigest(),
        architecture=_joined(cards, lambda card: f"{card.name}: {card.architecture}"),
        input=first.input,
        crop=first.crop,
        sampling=first.sampling,
        positive_class=first.positive_class,
        calibration=_calibration([card.calibration for card in cards]),
        thresholds=_thresholds([card.thresholds for card in cards]),
        metrics=(),
        trained_on=_joined(cards, lambda card: f"{card.name}: {card.trained_on}"),
        terms=" ".join(dict.fromkeys(card.terms for card in cards)),
        limits=tuple(dict.fromkeys(limit for card in cards for limit in card.limits)),
        made="the mean of its members' calibrated logits",
        members=tuple(cards),
    )


def _check(cards: Sequence[ModelCard]) -> None:
    first = cards[0]
    for position, card in enumerate(cards[1:], 1):
        if any(card.sha256 == other.sha256 for other in cards[:position]):
            raise UsageError(f"{card.path}: the same model twice adds nothing; name it once")
        for what, ours, theirs in (
            ("detector", card.crop.detector, first.crop.detector),
            ("time step", card.sampling.step_s, first.sampling.step_s),
            ("frames of a burst", card.sampling.burst_frames, first.sampling.burst_frames),
        ):
            if ours != theirs:
                raise ModelMismatch(
                    f"{card.path}: it cannot judge together with {first.path}, since its {what} "
                    f"is another: {ours} and {theirs}; use them apart"
                )


def _joined(cards: Sequence[ModelCard], told: Callable[[ModelCard], str]) -> str:
    return " + ".join(told(card) for card in cards)


def _calibration(each: Sequence[Calibration]) -> Calibration:
    """Say how reals score after each member's own calibration and the mean of all."""
    count = len(each)
    return Calibration(
        slope=1.0,
        intercept=0.0,
        real_mean=sum(c.slope * c.real_mean + c.intercept for c in each) / count,
        real_std=sum(c.slope * c.real_std for c in each) / count,
        fitted=all(c.fitted for c in each),
    )


def _thresholds(each: Sequence[Thresholds]) -> Thresholds:
    return Thresholds(_mean([t.fake for t in each]), _mean([t.real for t in each]))


def _mean(probabilities: Sequence[float]) -> float:
    """Average probabilities as logits, as the scores are; rounded as a card's thresholds are."""
    inside = [min(max(p, 1e-6), 1 - 1e-6) for p in probabilities]
    logit = sum(math.log(p / (1 - p)) for p in inside) / len(inside)
    return round(1 / (1 + math.exp(-logit)), 3)
