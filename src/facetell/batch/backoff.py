"""Try again what may pass by itself, waiting longer each time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from facetell.errors import FacetellError

Result = TypeVar("Result")

WAITS_S = (0.5, 2.0, 8.0)
"""Before the second, third and fourth attempt, each up to half longer: workers that failed
together must not come back together."""


def patiently(
    action: Callable[[], Result],
    waits_s: Sequence[float] = WAITS_S,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Call until it succeeds, fails for good, or was tried once more than there are waits.

    Raises:
        FacetellError: the last one; at once if it is not `retryable`.
    """
    for wait_s in waits_s:
        try:
            return action()
        except FacetellError as error:
            if not error.retryable:
                raise
            sleep(wait_s * random.uniform(1, 1.5))
    return action()
