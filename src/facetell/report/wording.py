"""The words that all reports share, and strangers' text made safe to show."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # verdict loads numpy, and the command line's errors need only words
    from facetell.verdict import Label

TITLES: dict[Label, str] = {
    "fake": "Likely fake",
    "real": "Likely real",
    "inconclusive": "Inconclusive",
    "no_face": "No face to judge",
    "error": "Not analysed",
}

MEANINGS: dict[Label, str] = {
    "fake": "At least one face looks generated or altered to this model.",
    "real": "This model found no sign that a face was generated or altered.",
    "inconclusive": (
        "This model takes no side: the score lies between its two thresholds, or the faces were "
        "seen too poorly to say real."
    ),
    "no_face": "No face was found that is large and clear enough to be scored.",
    "error": "The file could not be analysed, so nothing is said about its faces.",
}


LIMITS = (
    (
        "A verdict is a statistical estimate. It proves nothing, and it should not be the only "
        "ground for an accusation or for a decision about a person."
    ),
    (
        "Only faces are judged: not the voice, not the words, not the scene, nor whether a true "
        "video is shown in a false context."
    ),
    (
        "Methods newer than the training data, heavy compression, filters and small faces make "
        "errors more likely, in both directions."
    ),
)
"""What holds for every model, in plain words; a card adds its own."""


def printable(text: object) -> str:
    r"""Escape what could drive a terminal, reorder a line or break an encoding.

    File names come from strangers: control characters, bidirectional overrides, line breaks
    and undecodable bytes become visible escapes.

    >>> printable("a\x1b[31m.mp4")
    'a\\x1b[31m.mp4'
    """
    return "".join(
        character if character.isprintable() else _escape(character) for character in str(text)
    )


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def probability(value: float | None) -> str:
    """Two decimals, never rounded up to a certainty that the model doesn't have.

    >>> probability(0.9987), probability(0.001), probability(0.5), probability(None)
    ('>0.99', '<0.01', '0.50', '-')
    """
    if value is None or not math.isfinite(value):
        return "-"
    if value > 0.99:
        return ">0.99"
    return "<0.01" if value < 0.01 else f"{value:.2f}"


def clock(time_s: float) -> str:
    """A position in a video as people write it.

    >>> clock(7.25), clock(75), clock(3700)
    ('7.2 s', '1:15', '1:01:40')
    """
    if time_s < 60:
        return f"{time_s:.1f} s"
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "file"), counted(3, "file")
    ('1 file', '3 files')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def all_reasons(reasons: Iterable[str], warnings: Iterable[str]) -> list[str]:
    """Reasons first, then each warning that no reason already states."""
    told = list(reasons)
    told += [warning for warning in warnings if warning not in told]
    return told
