"""An animated WebP → its frames. FFmpeg has no decoder for these; OpenCV has."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facetell.errors import CorruptMedia
from facetell.options import Limits
from facetell.video.bounds import require_timing
from facetell.video.media import MediaInfo, Pixels
from facetell.video.picture_headers import picture_size
from facetell.video.pictures import Channels, flattened, read_limited
from facetell.wording import Sentence

_CHUNK_PIXELS = 1 << 25
"""OpenCV decodes several frames at a time; so many pixels at most lie in memory."""

_SHORTEST_MS, _USUAL_MS = 11, 100
"""Browsers show frames of 10 ms and less for 100 ms."""


class AnimationSource:
    """The frames of an animated WebP.

    Raises:
        CorruptMedia: it holds no frames.
        MediaTooLarge: beyond a limit, by its headers.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        data = read_limited(path, "animated webp", limits)
        self._data, durations_ms = _whole_frames(data)
        self._cut_off = len(self._data) < len(data)
        width, height = picture_size("animated webp", self._data) or (0, 0)
        if not durations_ms:
            raise CorruptMedia(
                Sentence(
                    "{path}: a cut-off webp animation without frames; copy it again", path=path
                )
            )
        ends_s = np.cumsum(durations_ms) / 1000
        require_timing(path, limits, len(ends_s), float(ends_s[-1]))
        self.times_s: npt.NDArray[np.float64] = np.concatenate([[0.0], ends_s[:-1]])
        self.clock_s = self.times_s
        self.info = MediaInfo(
            path=path,
            container="webp",
            codec="webp",
            width=width,
            height=height,
            fps=len(durations_ms) / float(ends_s[-1]),
            duration_s=float(ends_s[-1]),
            is_picture=False,
            rotation_deg=0,
            hdr=False,
        )

    def pictures(
        self, wanted: npt.NDArray[np.int64], warnings: list[str]
    ) -> Iterator[tuple[int, Pixels]]:
        """Yield (index, RGB) for the wanted frames, ascending."""
        if self._cut_off:
            warnings.append(
                Sentence(
                    "The file is cut off {seconds} s from its start; that far it was analysed.",
                    seconds=f"{self.info.duration_s:.1f}",
                )
            )
        chunk = int(np.clip(_CHUNK_PIXELS // (self.info.width * self.info.height), 1, 64))
        for number, group in groupby(wanted.tolist(), key=lambda index: index // chunk):
            frames = self._decode(number * chunk, chunk)
            for index in group:
                if index - number * chunk >= len(frames):
                    warnings.append(
                        Sentence(
                            "The file is damaged {seconds} s from its start; that far it was "
                            "analysed.",
                            seconds=f"{self.times_s[index]:.1f}",
                        )
                    )
                    return
                yield index, flattened(frames[index - number * chunk])

    def _decode(self, start: int, count: int) -> list[Channels]:
        data = np.frombuffer(self._data, np.uint8)
        try:
            good, animation = cv2.imdecodeanimation(data, start=start, count=count)
        except cv2.error:
            return []
        return list(animation.frames) if good else []


def _whole_frames(data: bytes) -> tuple[bytes, list[int]]:
    """Return the file up to its last whole chunk, and how many ms each frame is shown.

    OpenCV refuses a file that is shorter than its header says, so the header is set right. Chunks
    are those of RFC 9649, section 2.7.1.1.
    """
    durations_ms: list[int] = []
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            return data[:4] + struct.pack("<I", at - 8) + data[8:at], durations_ms
        if name == b"ANMF":
            duration_ms = int.from_bytes(data[at + 20 : at + 23], "little")
            durations_ms.append(duration_ms if duration_ms >= _SHORTEST_MS else _USUAL_MS)
        at += 8 + size + (size & 1)
    return data, durations_ms
