"""Numbers, times and strangers' text as people read them, in every report and message."""

from __future__ import annotations

import math


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
