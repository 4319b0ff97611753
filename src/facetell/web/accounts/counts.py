"""Things counted for a while: requests of an address, failed attempts to sign in.

One web process counts in memory. Where several answer, `settings.SHARED_COUNTS` puts the counts
into the database, so that N processes together let no more through than one.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from facetell.web.accounts.models import Count

# one statement, for two processes may count at the same moment; SQLite and PostgreSQL know it
_ADD = """
    INSERT INTO accounts_count AS kept (name, n, until_s) VALUES (%s, 1, %s)
    ON CONFLICT (name) DO UPDATE SET
        n = CASE WHEN kept.until_s <= %s THEN 1 ELSE kept.n + 1 END,
        until_s = CASE WHEN kept.until_s <= %s THEN excluded.until_s ELSE kept.until_s END
    RETURNING n
"""


def add(name: str, window_s: int) -> int:
    """Count one more and return how many there are, since the first and for `window_s` from it.

    Args:
        name: of what is counted, at most 100 characters.
        window_s: how long a count lasts that begins now, seconds.
    """
    return _add_shared(name, window_s) if settings.SHARED_COUNTS else _add(name, window_s)


def read(name: str) -> int:
    """Return how many there are."""
    if not settings.SHARED_COUNTS:
        return int(cache.get(name, 0))
    row = Count.objects.filter(name=name, until_s__gt=time.time()).first()
    return row.n if row else 0


def forget_old_counts(**_: Any) -> None:
    """Delete the counts that are over; a receiver of `keeper.tidying`."""
    Count.objects.filter(until_s__lte=time.time()).delete()


def _add(name: str, window_s: int) -> int:
    cache.add(name, 0, window_s)
    try:
        return int(cache.incr(name))
    except ValueError:  # it expired between the two
        cache.set(name, 1, window_s)
        return 1


def _add_shared(name: str, window_s: int) -> int:
    now_s = time.time()
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [name, now_s + window_s, now_s, now_s])
        return int(cursor.fetchone()[0])
