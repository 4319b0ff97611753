"""Writes that outlive a database which is locked, restarted or away for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

PATIENCE_S = 300.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0

T = TypeVar("T")


def patiently(access: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """Call until the database answers, with growing pauses.

    Args:
        access: reads or writes; called again, it must do no harm if it was done after all.
        patience_s: give up after so long.

    Raises:
        OperationalError, InterfaceError: the database did not come back in time.
    """
    until_s, pause_s = time.monotonic() + patience_s, FIRST_PAUSE_S
    while True:
        try:
            return access()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() >= until_s:
                raise
            logger.warning("the database does not answer, trying again: %s", error)
        # a broken connection is opened anew, but not under a caller's transaction
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
