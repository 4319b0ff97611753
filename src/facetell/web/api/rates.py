"""How often somebody may ask: so many requests in each minute of the clock.

The counters are in Django's cache, in memory: each web process counts for itself, so that N
processes together let up to N times as many through. `facetell serve` runs one. Between two minutes
up to twice the limit can pass at once: that is the price of one number instead of a list of times.
"""

from __future__ import annotations

import time

from django.core.cache import cache

from facetell.web.api.problems import RateLimited

WINDOW_S = 60


def count(whose: str, limit: int) -> None:
    """Count a request.

    Args:
        whose: the key or the address that it came from.
        limit: so many a minute are let through; 0 for no limit.

    Raises:
        RateLimited: this one is too many.
    """
    if not limit:
        return
    now_s = time.time()
    name = f"rate:{whose}:{int(now_s // WINDOW_S)}"
    cache.add(name, 0, 2 * WINDOW_S)
    try:
        asked = cache.incr(name)
    except ValueError:  # the cache was emptied between the two
        return
    if asked > limit:
        wait_s = WINDOW_S - int(now_s % WINDOW_S)
        raise RateLimited(
            f"more than {limit} requests in a minute; go on in {wait_s} seconds", wait_s
        )
