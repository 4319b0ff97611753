"""How often somebody may try to sign in: counted for each name and for each address."""

from __future__ import annotations

import hashlib

from facetell.web.accounts import counts

WINDOW_S = 15 * 60
MOST_FOR_NAME, MOST_FOR_ADDRESS = 10, 50


def is_blocked(name: str, address: str) -> bool:
    """Whether too many attempts failed lately, with this name or from this address."""
    by_name, by_address = counts.read(_key("name", name)), counts.read(_key("address", address))
    return by_name >= MOST_FOR_NAME or by_address >= MOST_FOR_ADDRESS


def count_failure(name: str, address: str) -> None:
    """Note a failed attempt."""
    counts.add(_key("name", name), WINDOW_S)
    counts.add(_key("address", address), WINDOW_S)


def _key(kind: str, value: str) -> str:
    digest = hashlib.sha256(value.strip().casefold().encode()).hexdigest()
    return f"sign-in-{kind}-{digest}"
