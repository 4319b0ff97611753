"""What people may choose for an analysis: the models of this server and the frame counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.conf import settings

from facetell import ensemble, weights
from facetell.options import FRAME_CHOICES, FacePoint
from facetell.web.analyses.problems import UnknownModel, UnknownSetting
from facetell.weights import ModelCard
from facetell.wording import Sentence

DEFAULT_MODEL = "default"
DEFAULT_FRAMES = "40"
MOST_FRAMES = 100_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How a file is to be analysed.

    Attributes:
        frames: a whole number from 1, or "all".
        model: name of one of `models()`.
        start_s, end_s: the stretch of the video, seconds; None for its ends.
        face: the one face to judge, by a time and a point; None for all of them.

    Raises:
        UnknownSetting: a value makes no sense.
        UnknownModel: this server has no such model.
    """

    frames: str = DEFAULT_FRAMES
    model: str = DEFAULT_MODEL
    start_s: float | None = None
    end_s: float | None = None
    face: FacePoint | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "frames", _checked_frames(self.frames))
        if self.model not in models():
            known = ", ".join(models())
            raise UnknownModel(
                Sentence(
                    "{model} is no model of this server; it has {known}",
                    model=repr(self.model),
                    known=known,
                )
            )
        _check_stretch(self.start_s, self.end_s)
        _check_face(self)


def models() -> dict[str, ModelCard]:
    """The cards of this server's models by name: the bundled ones, then the operator's.

    Raises:
        ModelError: one of the operator's cards cannot be read.
    """
    cards = [*weights.available(), *map(ensemble.find, settings.MODELS)]
    return {card.name: card for card in cards}


def frame_choices() -> tuple[str, ...]:
    """The frame counts that the pages offer; any other number works too."""
    return (*map(str, FRAME_CHOICES), "all")


def _checked_frames(frames: str) -> str:
    word = str(frames).strip().lower()
    if word == "all":
        return word
    if not (word.isascii() and word.isdigit() and 1 <= int(word) <= MOST_FRAMES):
        raise UnknownSetting(
            Sentence(
                "frames is {given}: give a whole number from 1 to {most}, or 'all'",
                given=repr(frames),
                most=MOST_FRAMES,
            )
        )
    return str(int(word))


def _check_stretch(start_s: float | None, end_s: float | None) -> None:
    for name, value in (("start_s", start_s), ("end_s", end_s)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise UnknownSetting(
                Sentence("{name} is {value}: give seconds from 0", name=name, value=value)
            )
    if start_s is not None and end_s is not None and start_s >= end_s:
        raise UnknownSetting(
            Sentence(
                "the stretch ends at {end} s, before it starts at {start} s",
                end=end_s,
                start=start_s,
            )
        )


def _check_face(settings: Settings) -> None:
    face = settings.face
    if face is None:
        return
    if not all(math.isfinite(value) and value >= 0 for value in face):
        raise UnknownSetting(
            Sentence("face is {face}: give its time, x and y, from 0 on", face=face)
        )
    end_s = math.inf if settings.end_s is None else settings.end_s
    if not (settings.start_s or 0.0) <= face[0] < end_s:
        raise UnknownSetting(
            Sentence("the face is at {time} s: that is outside of the stretch", time=face[0])
        )
