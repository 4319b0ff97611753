"""How often somebody may ask: so many requests in each minute of the clock.

Between two minutes up to twice the limit can pass at once: that is the price of one number instead
of a list of times.
"""

from __future__ import annotations

import time

from facetell.web.accounts import counts
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
    asked = counts.add(f"rate:{whose}:{int(now_s // WINDOW_S)}", 2 * WINDOW_S)
    if asked > limit:
        wait_s = WINDOW_S - int(now_s % WINDOW_S)
        raise RateLimited(
            f"more than {limit} requests in a minute; go on in {wait_s} seconds", wait_s
        )
