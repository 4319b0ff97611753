"""A media file → its source, by what its first bytes say that it is."""

from __future__ import annotations

from pathlib import Path

from facetell.options import Limits
from facetell.video.animation import AnimationSource
from facetell.video.bounds import require_within
from facetell.video.decode import VideoSource
from facetell.video.media import Source
from facetell.video.picture_headers import picture_kind
from facetell.video.pictures import PictureSource


def open_source(path: Path, head: bytes, limits: Limits) -> Source:
    """Open a video, an animation or a picture.

    Args:
        path: the file.
        head: its beginning, from `check_readable`.
        limits: what is refused.

    Raises:
        InputError, MissingDependency: as `open_video`.
    """
    require_within(path, limits, "file_bytes", path.stat().st_size)
    kind = picture_kind(head)
    if kind == "animated webp":
        return AnimationSource(path, limits)
    if kind:
        return PictureSource(path, kind, limits)
    return VideoSource(path, head, limits)
