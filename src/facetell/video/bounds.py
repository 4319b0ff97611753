"""What was found in a file → nothing, or a refusal because it is beyond one of the limits."""

from __future__ import annotations

from pathlib import Path

from facetell.errors import MediaTooLarge
from facetell.options import Limits
from facetell.wording import Sentence, gettext_noop

BYTES_A_PIXEL = 3

_CUT = gettext_noop("cut the part that matters out of it")
_FEWER = gettext_noop("take fewer frames, or a shorter part of it")
_ADVICE = {
    "file_bytes": (gettext_noop("bytes"), _CUT),
    "duration_s": (gettext_noop("seconds"), _CUT),
    "pixels": (gettext_noop("pixels"), gettext_noop("scale it down")),
    "rate_hz": (
        gettext_noop("frames a second"),
        gettext_noop("convert it to an ordinary frame rate"),
    ),
    "frames": (gettext_noop("frames"), _CUT),
    "streams": (gettext_noop("streams"), gettext_noop("copy only its pictures into a new file")),
    "decoded_bytes": (gettext_noop("decoded bytes"), _FEWER),
    "memory_bytes": (gettext_noop("bytes"), gettext_noop("scale it down")),
    "processor_s": (gettext_noop("seconds"), _FEWER),
    "wait_s": (gettext_noop("seconds"), gettext_noop("try another copy, or convert it")),
}
"""Field of `Limits` → its unit, and what to do with a file that is beyond it."""


def require_within(path: Path, limits: Limits, name: str, found: float, shown: str = "") -> None:
    """Refuse a file that is beyond a limit.

    Args:
        path: the file.
        limits: all of them.
        name: the field of `Limits` that is meant.
        found: what the file has of it.
        shown: how to say that; by default the number.

    Raises:
        MediaTooLarge: `found` is more than that limit.
    """
    if found > getattr(limits, name):
        raise too_large(path, limits, name, shown or f"{found:.12g}")


def too_large(path: Path, limits: Limits, name: str, shown: str) -> MediaTooLarge:
    """Return the error for a file that is beyond a limit; arguments as of `require_within`."""
    unit, advice = _ADVICE[name]
    return MediaTooLarge(
        Sentence(
            "{path}: {found} is more than the limit of {most} {unit}; {advice}, or raise "
            "limits.{name}",
            path=path,
            found=shown,
            most=f"{getattr(limits, name):.12g}",
            unit=Sentence(unit),
            advice=Sentence(advice),
            name=name,
        )
    )


def require_size(path: Path, limits: Limits, width: int, height: int) -> None:
    """Refuse frames of too many pixels.

    Raises:
        MediaTooLarge: width times height is beyond the limit.
    """
    require_within(path, limits, "pixels", width * height, f"{width}x{height}")


def require_timing(path: Path, limits: Limits, frames: int, duration_s: float) -> None:
    """Refuse a video that is too long or too fast.

    Raises:
        MediaTooLarge: its frames, its seconds or its frames a second are beyond a limit.
    """
    require_within(path, limits, "frames", frames)
    require_within(path, limits, "duration_s", duration_s)
    if frames > 1:  # a single frame has no rate
        require_within(path, limits, "rate_hz", frames / duration_s)


class DecodedBytes:
    """Counts what one reading of a file has decoded."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits, self._sum = path, limits, 0

    def add(self, width: int, height: int) -> None:
        """Count one frame.

        Raises:
            MediaTooLarge: all frames together are beyond the limit.
        """
        self._sum += width * height * BYTES_A_PIXEL
        require_within(self._path, self._limits, "decoded_bytes", self._sum)
