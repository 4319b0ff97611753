"""Which part of a file was asked for: Options and a file's facts → Selection.

It says nothing where all of a file is meant, so that no report has to tell what goes without
saying.
"""

from __future__ import annotations

from dataclasses import dataclass

from facetell.errors import UsageError
from facetell.options import Options
from facetell.video import MediaInfo
from facetell.video.sampling import ROUNDING_S
from facetell.wording import span


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a video that is analysed.

    Attributes:
        start_s: frames are taken from here on, seconds from the first frame.
        end_s: up to here; not beyond the end of the video.
    """

    start_s: float
    end_s: float

    @property
    def words(self) -> str:
        """The stretch as people write it.

        >>> Selection(2.5, 8).words
        '2.5–8.0 s'
        """
        return span(self.start_s, self.end_s)


def select(options: Options, info: MediaInfo) -> Selection | None:
    """Find the part that is meant; None if that is the whole file.

    Raises:
        UsageError: the part lies behind the end, or the file is a picture.
    """
    if options.start_s is None and options.end_s is None:
        return None
    if info.duration_s is None:
        raise UsageError(f"{info.path}: is a picture; leave out where to start and to end")
    start_s = options.start_s or 0.0
    if start_s >= info.duration_s - ROUNDING_S:
        raise UsageError(
            f"{info.path}: cannot start at {start_s:.1f} s, it ends at {info.duration_s:.1f} s; "
            "give an earlier start"
        )
    return Selection(start_s, min(options.end_s or info.duration_s, info.duration_s))
