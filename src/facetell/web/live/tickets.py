"""A page's word that somebody may open a stream.

The page gives it out behind sign-in, CSRF check and the rule that a server without accounts answers
its own machine only. A WebSocket has none of these: browsers let any page open one.
"""

from __future__ import annotations

from django.core import signing

GOOD_FOR_S = 30
_SALT = "facetell.live"


def make_ticket(user_id: int) -> str:
    """Return a ticket for a user, good for half a minute."""
    return signing.dumps(user_id, salt=_SALT)


def read_ticket(ticket: object) -> int | None:
    """Return whose ticket it is; None if it is none, or too old."""
    if not isinstance(ticket, str):
        return None
    try:
        user_id = signing.loads(ticket, salt=_SALT, max_age=GOOD_FOR_S)
    except signing.BadSignature:
        return None
    return user_id if isinstance(user_id, int) else None
