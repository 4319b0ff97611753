"""Picture files → upright sRGB: JPEG, PNG, WebP (animated, too), BMP, TIFF, AVIF and HEIC.

OpenCV reads the older formats. AVIF and HEIC go to FFmpeg, which heeds their turning and HDR;
those that are put together from tiles to OpenCV (AVIF) or to the optional package pillow-heif.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from facetell.errors import CorruptMedia, MediaTooLarge, MissingDependency
from facetell.options import Limits
from facetell.video.bounds import require_size
from facetell.video.container import opened
from facetell.video.display import Display, clockwise_deg, colours_of, matrix_of, upright
from facetell.video.icc import profile_map
from facetell.video.media import MediaInfo, Pixels
from facetell.video.picture_headers import picture_size, sound_png, tiff_tags
from facetell.wording import Sentence

_MOST_BYTES = 1 << 30
_EXIF, _ICC = 0, 2  # cv2.IMAGE_METADATA_EXIF and _ICCP

_EXIF_MATRICES = {
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}
"""EXIF tag 274 → display matrix (a, b, c, d)."""

Channels = npt.NDArray[np.integer[Any] | np.floating[Any]]
"""A picture of any depth and number of channels, as OpenCV gives it."""

Matrix = tuple[int, int, int, int]


class PictureSource:
    """A picture, as a source of one frame.

    Raises:
        CorruptMedia: it cannot be decoded.
        MediaTooLarge: above the limit on pixels, by its header, or too large a file.
        MissingDependency: a tiled HEIC without pillow-heif.
    """

    def __init__(self, path: Path, kind: str, limits: Limits) -> None:
        data = read_limited(path, kind, limits)
        if kind in ("avif", "heic"):
            self._rgb, rotation_deg, hdr = _decode_iso(path, kind, data, limits)
        else:
            self._rgb, rotation_deg, hdr = *_decode(path, kind, data), False
        height, width = self._rgb.shape[:2]
        self.info = MediaInfo(
            path, kind, kind, width, height, None, None, True, rotation_deg, hdr
        )  # fmt: skip
        self.times_s = self.clock_s = np.zeros(1)

    def pictures(
        self,
        wanted: npt.NDArray[np.int64],
        warnings: list[str],  # noqa: ARG002 - a picture is read whole or refused
    ) -> Iterator[tuple[int, Pixels]]:
        """Yield (0, RGB)."""
        if len(wanted):
            yield 0, self._rgb


def read_limited(path: Path, kind: str, limits: Limits) -> bytes:
    """Return a picture's bytes, once its header is found to keep to the limit."""
    if path.stat().st_size > _MOST_BYTES:
        raise MediaTooLarge(
            Sentence("{path}: a picture of more than 1 GiB; save it smaller", path=path)
        )
    data = path.read_bytes()
    size = picture_size(kind, data)
    if size is None:
        raise _corrupt(path, kind)
    require_size(path, limits, *size)
    return data


def _corrupt(path: Path, kind: str) -> CorruptMedia:
    return CorruptMedia(
        Sentence(
            "{path}: a damaged or cut-off {kind} picture; copy or download it again",
            path=path,
            kind=kind,
        )
    )


def _decode(path: Path, kind: str, data: bytes) -> tuple[Pixels, int]:
    """Return the picture and the turn, clockwise in degrees, that was applied."""
    sound = sound_png(data) if kind == "png" else data
    if sound is None:
        raise _corrupt(path, kind)
    _reserve(kind, data)
    try:
        picture, kinds, blocks = cv2.imdecodeWithMetadata(
            np.frombuffer(sound, np.uint8), cv2.IMREAD_UNCHANGED
        )
    except cv2.error:
        raise _corrupt(path, kind) from None
    if picture is None or not picture.size:
        raise _corrupt(path, kind)
    notes = {int(k): np.asarray(b).tobytes() for k, b in zip(kinds, blocks, strict=True)}
    rgb = _in_srgb(flattened(picture), notes.get(_ICC, b""))
    # OpenCV turns TIFF by itself, and leaves the others to IMREAD_COLOR, which drops alpha.
    matrix = _exif_matrix(notes.get(_EXIF, b"")) if kind != "tiff" else (1, 0, 0, 1)
    return upright(rgb, matrix), clockwise_deg(matrix)


def _reserve(kind: str, data: bytes) -> None:
    """Raise MemoryError if there is not enough for a picture: OpenCV would call it damaged."""
    width, height = picture_size(kind, data) or (0, 0)
    np.empty((2, height, width, 3), np.uint8)  # as decoded, and in the order of RGB


def _exif_matrix(exif: bytes) -> Matrix:
    try:
        orientation = tiff_tags(exif.removeprefix(b"Exif\0\0")).get(274, 1)
    except struct.error:
        orientation = 1
    return _EXIF_MATRICES.get(orientation, (1, 0, 0, 1))


def flattened(picture: Channels) -> Pixels:
    """Turn gray, BGR or BGRA of any depth into RGB uint8, what is see-through laid on white."""
    if picture.dtype == np.uint16:
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=255 / 65535), np.uint8)
    elif picture.dtype != np.uint8:
        picture = (np.clip(np.nan_to_num(picture.astype(np.float32)), 0, 1) * 255).astype(np.uint8)
    if picture.ndim == 2 or picture.shape[2] == 1:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)
    rgb = np.asarray(cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2RGB), np.uint8)
    return _on_white(rgb, picture[..., 3]) if picture.shape[2] == 4 else rgb


def _on_white(rgb: Pixels, alpha: Channels) -> Pixels:
    if np.all(alpha == 255):
        return rgb
    opacity = alpha.astype(np.float32)[..., None] / 255
    return np.asarray(np.round(rgb * opacity + 255 * (1 - opacity)), np.uint8)


def _in_srgb(rgb: Pixels, profile: bytes) -> Pixels:
    colours = profile_map(profile)
    return colours.to_srgb(rgb.astype(np.uint16) * 257) if colours else rgb


def _decode_iso(path: Path, kind: str, data: bytes, limits: Limits) -> tuple[Pixels, int, bool]:
    """Decode HEIF: (RGB, turn clockwise in degrees, HDR)."""
    size = picture_size(kind, data)
    whole: list[av.VideoStream] = []
    try:
        with opened(path, data[:64], limits) as container:
            whole = [s for s in container.streams.video if (s.width, s.height) == size]
            if whole:
                return _first_frame(container, whole[0])
    except MemoryError:
        raise
    except (av.FFmpegError, CorruptMedia, StopIteration):
        pass  # the other readers may do better
    if kind == "avif":
        return *_decode(path, kind, data), False
    if whole:
        raise _corrupt(path, kind)
    return _pillow_heif(path), 0, False


def _first_frame(
    container: av.container.InputContainer, stream: av.VideoStream
) -> tuple[Pixels, int, bool]:
    frame = next(container.decode(stream))
    colours = colours_of(frame)
    rgb = Display(None).rgb(frame)
    return rgb, clockwise_deg(matrix_of(frame)), colours is not None and colours.hdr


def _pillow_heif(path: Path) -> Pixels:
    try:
        import pillow_heif
    except ImportError:
        raise MissingDependency(
            f"{path}: this kind of HEIC picture needs one more package: pip install pillow-heif "
            "(or save the picture as JPEG)"
        ) from None
    try:
        picture = pillow_heif.open_heif(path, convert_hdr_to_8bit=True, bgr_mode=True)
        rgb = flattened(np.asarray(picture))
    except (ValueError, OSError, RuntimeError, EOFError, SyntaxError, LookupError):
        raise _corrupt(path, "heic") from None
    return _in_srgb(rgb, picture.info.get("icc_profile") or b"")
