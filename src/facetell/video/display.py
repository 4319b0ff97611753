"""A decoded frame → the RGB picture that a viewer sees.

Upright (the display matrix turns and mirrors), with square pixels (the sample aspect ratio), by
the right matrix and range, and in sRGB: PQ and HLG are mapped to SDR, wide gamuts to BT.709.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import cast

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.buffer import Buffer
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from facetell.video.icc import profile_map
from facetell.video.media import Pixels
from facetell.video.tonemap import BT2020, ColourMap, colour_map

_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
"""ITU-T H.273 MatrixCoefficients → swscale's name."""

_MOST_STRETCH = 8
"""A pixel shape beyond 8:1 is a broken header."""


class Display:
    """Turns the frames of one stream into upright RGB pictures."""

    def __init__(self, pixel_aspect: Fraction | None) -> None:
        self._aspect = _sane_aspect(pixel_aspect)
        self._reformatter = VideoReformatter()
        self._look_key: tuple[int, ...] = ()
        self._colours: ColourMap | None = None
        self._matrix = (1, 0, 0, 1)

    def size(self, frame: av.VideoFrame) -> tuple[int, int]:
        """Return width and height with square pixels, before rotation; nothing is shrunk."""
        if self._aspect >= 1:
            return max(1, round(frame.width * self._aspect)), frame.height
        return frame.width, max(1, round(frame.height / self._aspect))

    def rgb(self, frame: av.VideoFrame) -> Pixels:
        """Return the picture: uint8, (H, W, 3), sRGB."""
        self._look(frame)
        colours = self._colours
        picture = self._convert(frame, "rgb48le" if colours else "rgb24")
        rgb = colours.to_srgb(picture) if colours else picture.astype(np.uint8, copy=False)
        return upright(rgb, self._matrix)

    def _look(self, frame: av.VideoFrame) -> None:
        """Take colours and turn from the frame, if it begins a new kind of picture.

        Not from each frame: PyAV ties a frame whose side data was looked at to itself, so that
        its memory waits for the garbage collector; hundreds of MB did in 1080p.
        """
        key = (frame.width, frame.height, frame.color_trc, frame.color_primaries)
        if key != self._look_key:
            self._look_key = key
            self._colours, self._matrix = colours_of(frame), matrix_of(frame)

    def _convert(self, frame: av.VideoFrame, pixel_format: str) -> npt.NDArray[np.generic]:
        width, height = self.size(frame)
        converted = self._reformatter.reformat(
            frame,
            width,
            height,
            pixel_format,
            src_colorspace=_matrix(frame),
            src_color_range=frame.color_range,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        return np.asarray(converted.to_ndarray())


def _sane_aspect(aspect: Fraction | None) -> Fraction:
    if not aspect or not Fraction(1, _MOST_STRETCH) <= aspect <= _MOST_STRETCH:
        return Fraction(1)
    return aspect


def _matrix(frame: av.VideoFrame) -> Colorspace:
    """Return the YUV matrix; where none is named, the one that players assume for the size."""
    named = _MATRICES.get(frame.colorspace)
    if named is not None:
        return named
    if frame.color_primaries == BT2020:
        return Colorspace.BT2020
    return Colorspace.ITU709 if frame.height >= 720 or frame.width >= 1280 else Colorspace.ITU601


def colours_of(frame: av.VideoFrame) -> ColourMap | None:
    """Return the way from a frame's colours to sRGB; None if they are near enough to be shown."""
    named = colour_map(frame.color_trc, frame.color_primaries)
    return named or profile_map(_side_data(frame, "ICC_PROFILE"))


def _side_data(frame: av.VideoFrame, name: str) -> bytes:
    """Return a block of a frame's side data; empty if there is none.

    PyAV gives up on all blocks (ValueError) when one is of a kind that it does not know yet.
    """
    try:
        blocks: Mapping[str, Buffer] = cast("Mapping[str, Buffer]", frame.side_data)
        return bytes(blocks[name])
    except (KeyError, ValueError):
        return b""


_TURNS = ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))
"""Display matrices of quarter turns, counterclockwise."""


def matrix_of(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """Return the upper left of the display matrix (a, b, c, d); x' = a x + c y, y' = b x + d y."""
    data = _side_data(frame, "DISPLAYMATRIX")
    if not data:  # the plain angle is there even where PyAV cannot give the matrix
        return _TURNS[round(frame.rotation / 90) % 4]
    a, b, _, c, d = (int(v) for v in np.frombuffer(data, np.int32)[:5])
    return (a, b, c, d) if a or b or c or d else (1, 0, 0, 1)


def upright(rgb: Pixels, matrix: tuple[int, int, int, int]) -> Pixels:
    """Apply a display matrix, rounded to the nearest quarter turn, with its mirroring."""
    a, b, c, d = matrix
    if abs(b) + abs(c) > abs(a) + abs(d):
        rgb, a, d = np.asarray(cv2.transpose(rgb), np.uint8), c, b
    if a < 0 and d < 0:
        return np.asarray(cv2.flip(rgb, -1), np.uint8)
    if a < 0 or d < 0:
        return np.asarray(cv2.flip(rgb, 1 if a < 0 else 0), np.uint8)
    return np.ascontiguousarray(rgb)


def clockwise_deg(matrix: tuple[int, int, int, int]) -> int:
    """Return the turn of a display matrix, clockwise: 0, 90, 180 or 270."""
    a, b, c, d = matrix
    if abs(b) + abs(c) > abs(a) + abs(d):
        return 90 if b > 0 else 270
    return 180 if d < 0 and a < 0 else 0
