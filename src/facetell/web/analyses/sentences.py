"""What the pipeline and a refusal say in English → the same in the language of who reads it.

A `facetell.wording.Sentence` knows its pattern, which is the message's id in the catalogues. Stored
are the English sentence, for programs, and beside it how it was made. Text that is no sentence,
as that of an operator's own model, is shown as it is unless a catalogue happens to know it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext

from facetell.wording import Sentence, said

Kept = Mapping[str, Any]
"""English sentence → [its pattern, {name: value}]; a value is a string or again such a pair."""


def keep_sentences(texts: Iterable[str]) -> dict[str, Any]:
    """Return how sentences were made, as JSON can hold it; see `Kept`."""
    return {str(text): _plain(text) for text in texts if isinstance(text, Sentence)}


def told(text: object, kept: Kept | None = None) -> str:
    """Return a sentence, a problem or any other text in the language of the moment.

    Args:
        text: what is to be said; an exception stands for its message.
        kept: how stored sentences were made.
    """
    if isinstance(text, Exception):
        text = said(text)
    if isinstance(text, Sentence):
        return _spoken(*_plain(text))
    english = str(text)
    if kept and english in kept:
        return _spoken(*kept[english])
    return gettext(english) if english else ""


def _plain(text: Sentence) -> tuple[str, dict[str, Any]]:
    values = {n: _plain(v) if isinstance(v, Sentence) else v for n, v in text.values.items()}
    return text.pattern, values


def _spoken(pattern: str, values: Mapping[str, Any]) -> str:
    filled = {n: v if isinstance(v, str) else _spoken(*v) for n, v in values.items()}
    return gettext(pattern).format(**filled)
