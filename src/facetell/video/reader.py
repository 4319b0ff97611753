"""Open a media file and read its frames: the way into this package."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from types import TracebackType
from typing import Self

from facetell.errors import CorruptMedia
from facetell.options import Limits
from facetell.video.bounds import BYTES_A_PIXEL, require_within
from facetell.video.media import Frame, MediaInfo, Sampling, Source
from facetell.video.sampling import Plan, plan_part
from facetell.video.sandbox.decoder import Decoder
from facetell.wording import Sentence


class Video:
    """An open media file; a context manager.

    Attributes:
        warnings: what is wrong with the file, in plain words; grows while frames are read.
        frames_read: frames handed out so far.
    """

    def __init__(
        self, source: Source, limits: Limits, release: Callable[[], None] | None = None
    ) -> None:
        self._source, self._limits, self._release = source, limits, release
        self.warnings: list[str] = []
        self.frames_read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def info(self) -> MediaInfo:
        """The facts of the file."""
        return self._source.info

    def expected_frames(self, sampling: Sampling) -> int:
        """Return how many frames `frames` yields if none of them is damaged."""
        return len(self._plan(sampling).indices)

    def frames(self, sampling: Sampling) -> Generator[Frame]:
        """Yield the chosen frames in order of time, one at a time, so that memory stays flat.

        The file is open until the last frame was taken, or until the generator is closed.

        Raises:
            CorruptMedia: none of the chosen frames can be decoded.
            MediaTooLarge: the frames wanted are more than may be decoded, or so are those on the
                way to them; or the picture grows beyond the limit in the middle of the file.
        """
        chosen = self._plan(sampling)
        self._require_bearable(len(chosen.indices))
        times_s = self._source.times_s
        place = -1
        pictures = self._source.pictures(chosen.indices, self.warnings)
        for index, rgb in pictures:
            # A frame that stands in for lost ones belongs to the last of their bursts.
            place = int(chosen.indices.searchsorted(index, side="right")) - 1
            self.frames_read += 1
            yield Frame(index, float(times_s[index]), rgb, int(chosen.bursts[place]))
        if place < 0:
            raise CorruptMedia(
                Sentence("{path}: none of the frames taken can be decoded", path=self.info.path)
            )

    def _plan(self, sampling: Sampling) -> Plan:
        return plan_part(self._source.times_s, self._source.clock_s, sampling)

    def _require_bearable(self, frames: int) -> None:
        size = self.info.width * self.info.height * BYTES_A_PIXEL
        require_within(self.info.path, self._limits, "decoded_bytes", frames * size)

    def close(self) -> None:
        """Let go of the file; frames that were handed out stay valid."""
        if self._release:
            self._release()


def open_video(
    path: str | Path, limits: Limits | None = None, decoder: Decoder | None = None
) -> Video:
    """Open a video, an animation or a picture.

    Args:
        path: a file.
        limits: what is refused before it is decoded; by default that of `Limits()`.
        decoder: decodes it in another process; by default it is decoded in this one.

    Raises:
        InputNotFound: no such file.
        InputUnreadable: it may not be read.
        NotMedia: empty, a folder, a playlist, sound only, or no media at all.
        CorruptMedia: none of its frames can be decoded.
        MediaTooLarge: beyond one of the limits.
        MissingDependency: a HEIC picture that needs the package pillow-heif.
    """
    path, limits = Path(path), limits or Limits()
    if decoder is None:
        return Video(_open_here(path, limits), limits)
    source = decoder.open(path, limits)
    return Video(source, limits, source.close)


def _open_here(path: Path, limits: Limits) -> Source:
    # Imported here: FFmpeg loads slowly, and a process that has a decoder process needs none.
    from facetell.video.container import check_readable
    from facetell.video.opening import open_source

    return open_source(path, check_readable(path), limits)
