"""Messages of a decoder process → JSON and back, as the `Sentence`s that they are.

A pattern from a process that was taken over is a program for `str.format`: only names in braces
are let through, and what comes of them is short.
"""

from __future__ import annotations

from string import Formatter

from facetell.wording import Sentence

_MOST_CHARACTERS = 1 << 16
_MOST_DEPTH = 8
"""Of sentences within sentences."""


def packed(text: str) -> object:
    """Return a text as JSON takes it."""
    if not isinstance(text, Sentence):
        return text
    values = {name: packed(value) for name, value in text.values.items()}
    return {"pattern": text.pattern, "values": values}


def unpacked(value: object, depth: int = _MOST_DEPTH) -> str:
    """Return the text that was packed.

    Raises:
        ValueError: it is none, too long or too deep.
    """
    match value:
        case str():
            return _short(value)
        case {"pattern": str(pattern), "values": dict(packed_values)} if depth:
            values = {str(n): unpacked(v, depth - 1) for n, v in packed_values.items()}
            return _sentence(pattern, values)
    raise ValueError("no text")


def _sentence(pattern: str, values: dict[str, str]) -> Sentence:
    length = 0
    for literal, name, layout, conversion in Formatter().parse(pattern):
        length += len(literal)
        if name is not None:
            if name not in values or not name.isidentifier() or layout or conversion:
                raise ValueError("no plain pattern")
            length += len(values[name])
    if length > _MOST_CHARACTERS or {"cls", "pattern"} & values.keys():
        raise ValueError("no sentence")
    return Sentence(pattern, **values)


def _short(text: str) -> str:
    if len(text) > _MOST_CHARACTERS:
        raise ValueError("a text without end")
    return text
