"""A file that a decoder process has open, as a source of frames like any other."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from facetell.errors import CorruptMedia
from facetell.options import Limits
from facetell.video.bounds import too_large
from facetell.video.media import Pixels
from facetell.video.sandbox.answers import Ended, Opened, Shown, read_answer
from facetell.video.sandbox.process import DecoderProcess, Died
from facetell.wording import Sentence, printable

_SLOWEST_BYTES_A_SECOND = 10_000_000
"""Opening a file reads all of it."""

_SIGXCPU = 24  # signal.SIGXCPU, which Windows has not


class RemoteSource:
    """One file, open in a decoder process.

    Args:
        path: the file.
        limits: how large it may be, and what decoding it may take.
        process: has nothing else open.
        give_back: is called with the process when the file is closed.

    Attributes:
        confined: what the kernel took away from the process; see `confine`.

    Raises:
        InputError, MissingDependency: as `open_video`.
    """

    def __init__(
        self,
        path: Path,
        limits: Limits,
        process: DecoderProcess,
        give_back: Callable[[DecoderProcess], None],
    ) -> None:
        self._path, self._limits, self._process = path, limits, process
        self._give_back: Callable[[DecoderProcess], None] | None = give_back
        try:
            opened = self._open()
        except BaseException:
            self.close()
            raise
        self.info, self.confined = opened.info, opened.confined
        self.times_s, self.clock_s = opened.times_s, opened.clock_s

    def _open(self) -> Opened:
        folder = Path.cwd() if not self._path.is_absolute() else Path(self._path.anchor)
        request = {"path": str(self._path), "folder": str(folder), "limits": asdict(self._limits)}
        try:
            size = self._path.stat().st_size
        except (OSError, ValueError):
            size = 0  # the process finds out why
        wait_s = self._limits.wait_s + size / _SLOWEST_BYTES_A_SECOND
        answer = self._ask({"ask": "open", **request}, wait_s)
        if not isinstance(answer, Opened):
            self._refuse_nonsense(answer)
        return answer

    def pictures(
        self, wanted: npt.NDArray[np.int64], warnings: list[str]
    ) -> Iterator[tuple[int, Pixels]]:
        """Yield (index, RGB) for the wanted frames, ascending.

        The process decodes the next frame while the caller has one.

        Raises:
            CorruptMedia, MediaTooLarge: the decoder died, or was killed at a limit.
        """
        request: dict[str, object] = {"ask": "take", "wanted": wanted.tolist()}
        last = -1
        while isinstance(answer := self._ask(request, self._limits.wait_s), Shown):
            if not last < answer.index < len(self.times_s):
                self._refuse_nonsense(answer.index)
            warnings.extend(answer.warnings)
            last = answer.index
            yield last, answer.rgb
            request = {"ask": "next"}
            del answer  # or it would be held while the next is waited for
        if not isinstance(answer, Ended):
            self._refuse_nonsense(answer)
        warnings.extend(answer.warnings)

    def _ask(self, request: dict[str, object], wait_s: float) -> Opened | Shown | Ended:
        try:
            with self._process.talk(wait_s) as channel:
                channel.send(request)
                answer = read_answer(channel, self._path, self._limits)
        except Died as death:
            self._explain(death)
        except ValueError as error:
            self._refuse_nonsense(error)
        if isinstance(answer, Ended) and answer.error:
            raise answer.error
        return answer

    def _explain(self, death: Died) -> NoReturn:
        if death.late:
            shown = Sentence("the time to its next frame")
            raise too_large(self._path, self._limits, "wait_s", shown) from death
        if death.status == 128 + _SIGXCPU:
            shown = Sentence("the processor time that decoding takes")
            raise too_large(self._path, self._limits, "processor_s", shown) from death
        raise CorruptMedia(
            Sentence(
                "{path}: its decoder crashed ({reason}): the file is damaged or hostile, or memory "
                "ran out; try another copy",
                path=self._path,
                reason=_reason(death.status),
            )
        ) from death

    def _refuse_nonsense(self, found: object) -> NoReturn:
        self._process.end()
        raise CorruptMedia(
            Sentence(
                "{path}: its decoder answers nonsense ({found}): the file is hostile; delete it",
                path=self._path,
                found=printable(repr(found)[:100]),
            )
        )

    def close(self) -> None:
        """Let go of the file, and wait until the process has; the rest of it is not decoded."""
        give_back, self._give_back = self._give_back, None
        if give_back is None:
            return
        if self._process.is_usable():
            with contextlib.suppress(Died, ValueError):
                with self._process.talk(self._limits.wait_s) as channel:
                    channel.send({"ask": "close"})
                    channel.receive()
                self._process.await_freed(self._limits.wait_s)
        give_back(self._process)


def _reason(status: int) -> str:
    try:
        return signal.Signals(status - 128).name
    except ValueError:
        return f"status {status}"
