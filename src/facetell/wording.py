"""Numbers, times and strangers' text as people read them, in every report and message."""

from __future__ import annotations

import math
from typing import Any, Self


class Sentence(str):
    r"""An English sentence that knows its pattern, so that it can be said in another language.

    Whoever knows nothing of languages takes it for the string that it is. The pattern is the
    message's id in the catalogues of the web application; values may be sentences themselves.

    >>> sentence = Sentence("Face {face} looks fake at {place}.", face=2, place="4.0 s")
    >>> print(sentence, sentence.pattern, sentence.values, sep="\n")
    Face 2 looks fake at 4.0 s.
    Face {face} looks fake at {place}.
    {'face': '2', 'place': '4.0 s'}
    """

    pattern: str
    values: dict[str, str]

    def __new__(cls, pattern: str, **values: object) -> Self:
        """Put values into a pattern, as `str.format` does."""
        told = {name: v if isinstance(v, str) else str(v) for name, v in values.items()}
        self = super().__new__(cls, pattern.format(**told))
        self.pattern, self.values = pattern, told
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """Say how a copy is made; without this, one is made of the English sentence."""
        return (self.pattern,), self.values

    def changed(self, **values: object) -> Self:
        """Return the sentence with other values."""
        return type(self)(self.pattern, **{**self.values, **values})


def gettext_noop(pattern: str) -> str:
    """Mark a pattern for the catalogues where the `Sentence` is made elsewhere; return it as it is.

    The name is the one that Django's `makemessages` looks for.
    """
    return pattern


def said(error: Exception) -> str:
    """Return an error's message: the `Sentence` that it was made with, if it was."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else str(error)


def printable(text: object) -> str:
    r"""Escape what could drive a terminal, reorder a line or break an encoding.

    File names come from strangers: control characters, bidirectional overrides, line breaks
    and undecodable bytes become visible escapes.

    >>> printable("a\x1b[31m.mp4")
    'a\\x1b[31m.mp4'
    """
    return "".join(
        character if character.isprintable() else escaped(character) for character in str(text)
    )


def escaped(character: str) -> str:
    r"""A character by its number, as `printable` shows it.

    >>> escaped("\u202e"), escaped("é")
    ('\\u202e', '\\xe9')
    """
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


def span(start_s: float, end_s: float) -> str:
    """A stretch of a video.

    >>> span(0.5, 8), span(4, 4.04), span(58.5, 75)
    ('0.5–8.0 s', '4.0 s', '58.5 s–1:15')
    """
    if end_s - start_s < 0.1:
        return clock(start_s)
    return f"{start_s:.1f}–{clock(end_s)}" if end_s < 60 else f"{clock(start_s)}–{clock(end_s)}"


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "file"), counted(3, "file")
    ('1 file', '3 files')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
