"""A video file → its facts and the wanted frames as RGB; only these are converted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from facetell.errors import CorruptMedia
from facetell.options import Limits
from facetell.video.bounds import DecodedBytes, require_size, require_timing
from facetell.video.container import main_stream, opened
from facetell.video.display import Display, clockwise_deg, colours_of, matrix_of
from facetell.video.media import MediaInfo, Pixels
from facetell.video.run import Indices, Losses, Run, SeekFailed, StampsLie
from facetell.video.timetable import Timetable, scan
from facetell.wording import Sentence

_MOST_PIXELS = (1 << 31) - 1
"""The largest limit that FFmpeg takes."""


class VideoSource:
    """The frames of one video file.

    Raises:
        NotMedia, CorruptMedia, MediaTooLarge: from the start, so that nothing starts in vain.
    """

    def __init__(self, path: Path, head: bytes, limits: Limits, *, seek: bool = True) -> None:
        self._path, self._head, self._limits, self._seek = path, head, limits, seek
        with opened(path, head, limits) as container:
            stream = main_stream(path, container)
            require_size(path, limits, stream.width, stream.height)
            self._timetable = scan(path, container, stream, limits)
            if len(self._timetable.times_s) == 0:
                raise CorruptMedia(
                    Sentence(
                        "{path}: holds no frames; the recording or copy was cut off", path=path
                    )
                )
        require_timing(path, limits, len(self.times_s), self._timetable.duration_s)
        self.info = self._look()

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """Seconds from the first frame, ascending, (n,)."""
        return self._timetable.times_s

    @property
    def clock_s(self) -> npt.NDArray[np.float64]:
        """As `times_s` with long pauses cut short, (n,)."""
        return self._timetable.clock_s

    def pictures(self, wanted: Indices, warnings: list[str]) -> Iterator[tuple[int, Pixels]]:
        """Yield (index, RGB) for the wanted frames, ascending.

        In place of a frame that cannot be decoded comes the next one that can.
        """
        warnings.extend(self._timetable.warnings())
        losses, decoded = Losses(), DecodedBytes(self._path, self._limits)
        timetable, seek, last = self._timetable, self._seek, -1
        while True:
            try:
                remaining = wanted[wanted > last]
                for index, rgb in self._pass(remaining, timetable, losses, decoded, seek):
                    last = index
                    yield index, rgb
                break
            except SeekFailed:
                seek = False
            except StampsLie:
                timetable = replace(timetable, pts=None)
                warnings.append(
                    Sentence("Its timestamps are out of order: frames were counted instead.")
                )
        if losses.errors or losses.damaged:
            warnings.append(
                Sentence(
                    "The file is damaged: {lost} of its frames could not be decoded, the last near "
                    "{last} s; others were taken in their place.",
                    lost=losses.errors + losses.damaged,
                    last=f"{losses.last_s:.1f}",
                )
            )

    def _pass(
        self,
        wanted: Indices,
        timetable: Timetable,
        losses: Losses,
        decoded: DecodedBytes,
        seek: bool,
    ) -> Iterator[tuple[int, Pixels]]:
        with opened(self._path, self._head, self._limits) as container:
            stream = self._prepared(container)
            display = Display(stream.sample_aspect_ratio)
            run = Run(container, stream, timetable, losses, decoded)
            for index, frame in run.frames(wanted, seek):
                require_size(self._path, self._limits, *display.size(frame))
                yield index, display.rgb(frame)

    def _prepared(self, container: av.container.InputContainer) -> av.VideoStream:
        stream = main_stream(self._path, container)
        stream.thread_type = "AUTO"
        # Stops a stream that grows in the middle before its memory is taken; the decoder counts
        # padding too, so the exact limit is kept by `_refuse_large`.
        most = min(2 * self._limits.pixels + (1 << 16), _MOST_PIXELS)
        stream.codec_context.options = {"max_pixels": str(most)}
        return stream

    def _look(self) -> MediaInfo:
        """Decode the first frame: only it tells rotation, colours and the true size."""
        with opened(self._path, self._head, self._limits) as container:
            stream = self._prepared(container)
            everything = np.arange(len(self._timetable.times_s))
            decoded = DecodedBytes(self._path, self._limits)
            # counted: whatever its timestamps are worth, one frame is wanted, and any will do
            timetable = replace(self._timetable, pts=None)
            run = Run(container, stream, timetable, Losses(), decoded)
            first = next(run.frames(everything, seek=False), None)
            if first is None:
                raise CorruptMedia(
                    Sentence(
                        "{path}: none of its frames can be decoded ({codec}); it is damaged or "
                        "encrypted",
                        path=self._path,
                        codec=stream.codec.name,
                    )
                )
            return self._info(container, stream, first[1])

    def _info(
        self, container: av.container.InputContainer, stream: av.VideoStream, frame: av.VideoFrame
    ) -> MediaInfo:
        width, height = Display(stream.sample_aspect_ratio).size(frame)
        require_size(self._path, self._limits, width, height)
        rotation_deg = clockwise_deg(matrix_of(frame))
        if rotation_deg in (90, 270):
            width, height = height, width
        colours = colours_of(frame)
        timetable = self._timetable
        count = len(timetable.times_s)
        is_picture = count == 1 and container.format.name in ("gif", "apng")
        return MediaInfo(
            path=self._path,
            container=container.format.name,
            codec=stream.codec_context.codec.canonical_name,
            width=width,
            height=height,
            fps=count / timetable.duration_s if count > 1 else None,
            duration_s=None if is_picture else timetable.duration_s,
            is_picture=is_picture,
            rotation_deg=rotation_deg,
            hdr=colours is not None and colours.hdr,
        )
