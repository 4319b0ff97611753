"""Model cards, written: the JSON beside a graph that `facetell.weights` reads."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path

from facetell.errors import UsageError
from facetell.weights import ModelCard

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


def write_card(card: ModelCard) -> None:
    """Write a card to its own path, as `read_card` reads it."""
    record = asdict(card)
    del record["path"], record["crop"]["side_px"]  # the reader takes both from elsewhere
    text = json.dumps(record, indent=2, ensure_ascii=False)
    card.path.write_text(text + "\n", encoding="utf-8")


def sha256_of_graph(path: Path) -> str:
    """Return the SHA-256 that a card names."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain_name(text: str) -> str:
    """Make a name that may stand in a card of what may be any file's stem.

    Raises:
        UsageError: nothing is left.

    >>> plain_name("my model (final).v2")
    'my-model-final-.v2'
    """
    name = _ODD.sub("-", text).lstrip("._-")
    if not name:
        raise UsageError(f"{text!r} makes no name for a model: give one with --name")
    return name
