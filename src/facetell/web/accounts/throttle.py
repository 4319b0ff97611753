"""How often somebody may try to sign in.

Counted in Django's cache for each name and for each address. With the default cache every web
process counts for itself.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache

WINDOW_S = 15 * 60
MOST_FOR_NAME, MOST_FOR_ADDRESS = 10, 50


def is_blocked(name: str, address: str) -> bool:
    """Whether too many attempts failed lately, with this name or from this address."""
    counts = cache.get_many([_key("name", name), _key("address", address)])
    by_name = int(counts.get(_key("name", name), 0))
    by_address = int(counts.get(_key("address", address), 0))
    return by_name >= MOST_FOR_NAME or by_address >= MOST_FOR_ADDRESS


def count_failure(name: str, address: str) -> None:
    """Note a failed attempt."""
    for key in (_key("name", name), _key("address", address)):
        cache.add(key, 0, WINDOW_S)
        try:
            cache.incr(key)
        except ValueError:  # it expired in between
            cache.set(key, 1, WINDOW_S)


def _key(kind: str, value: str) -> str:
    digest = hashlib.sha256(value.strip().casefold().encode()).hexdigest()
    return f"sign-in-{kind}-{digest}"
