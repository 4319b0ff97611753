"""What can be set of a live analysis, with its defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from facetell.errors import UsageError
from facetell.options import Options

LONGEST_WINDOW_S = 3600.0


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Settings of a live analysis.

    Attributes:
        options: model, runtime, threads, least size of a face, most pixels of a frame; what
            concerns files alone is idle.
        window_s: the verdict is on the last so many seconds.
        rolling_s: the rolling probability is that of the last so many.
        max_faces: faces scored in one frame at most, the largest first.

    Raises:
        UsageError: a value is out of its range.
    """

    options: Options = field(default_factory=Options)
    window_s: float = 60.0
    rolling_s: float = 3.0
    max_faces: int = 3

    def __post_init__(self) -> None:
        if not (math.isfinite(self.window_s) and 1 <= self.window_s <= LONGEST_WINDOW_S):
            raise UsageError(f"window_s is {self.window_s}: give seconds from 1 to 3600")
        if not 0 < self.rolling_s <= self.window_s:
            raise UsageError(f"rolling_s is {self.rolling_s}: give seconds, no more than window_s")
        if self.max_faces < 1:
            raise UsageError(f"max_faces is {self.max_faces}: give a whole number from 1")
