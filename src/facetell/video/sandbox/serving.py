"""A decoder process: opens the files that it is asked for and hands out their frames.

Started as `python -m facetell.video.sandbox.serving`. On Linux each file is decoded in a fork,
which costs little: it starts afresh, may read that one file only, and takes along whatever a
hostile file did to it when it ends. Elsewhere the process itself decodes one after the other.

Asked are open, take, next and close; the answers are opened, frame, end, closed and failed.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import traceback
from collections.abc import Generator, Iterator
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facetell.errors import FacetellError
from facetell.options import Limits
from facetell.video.bounds import too_large
from facetell.video.container import check_readable
from facetell.video.media import Source
from facetell.video.opening import open_source
from facetell.video.sandbox.channel import Channel, Message
from facetell.video.sandbox.confinement import confine, die_first, limit_resources
from facetell.video.sandbox.kernel import die_with_parent
from facetell.video.sandbox.texts import packed
from facetell.wording import Sentence, said

Answer = tuple[dict[str, object], tuple[npt.NDArray[Any], ...]]
"""A message and the arrays that follow it."""


def main(freed: int | None) -> None:
    """Serve files until nobody asks any more.

    Args:
        freed: decode each file in a process of its own, and tell in this pipe when it is gone;
            Linux only.
    """
    channel = _take_over_pipes()
    die_first()
    channel.send({"is": "ready"})
    with contextlib.suppress(EOFError, OSError):  # whoever asked is gone
        while True:
            request = channel.receive()
            if freed is not None:
                _serve_in_fork(channel, request, freed)
            else:
                _serve(channel, request, confined=False)


def _take_over_pipes() -> Channel:
    """Keep what any library prints out of the answers."""
    outgoing = os.dup(1)
    os.dup2(2, 1)
    return Channel(FileIO(0, "rb"), FileIO(outgoing, "wb"))


def _serve_in_fork(channel: Channel, request: Message, freed: int) -> None:
    ends, held = os.pipe()
    server = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(ends)
        os.close(freed)  # it must not be able to say that it is gone
        _die_with(server)
        with contextlib.suppress(EOFError, OSError):  # whoever asked is gone
            _serve(channel, request, confined=True)
        os._exit(0)
    os.close(held)
    _wait(child, ends)
    os.write(freed, b".")


def _die_with(server: int) -> None:
    die_with_parent(signal.SIGKILL)
    if os.getppid() != server:  # it died before it could be noticed
        os._exit(1)


def _wait(child: int, ends: int) -> None:
    """Wait for a fork; end like it if it dies, and kill it when nobody asks any more."""
    watched = select.poll()
    watched.register(ends, 0)  # hangs up when the fork ends
    watched.register(0, 0)
    if any(fd == 0 for fd, _ in watched.poll()):
        os.kill(child, signal.SIGKILL)
    os.close(ends)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        os._exit(status if status > 0 else 128 - status)


def _serve(channel: Channel, request: Message, *, confined: bool) -> None:
    """Answer what is asked of one file, until it is closed."""
    path = Path(request["path"])
    limits = Limits(**request["limits"])
    try:
        source, measures = _open(path, limits, Path(request["folder"]), confined)
    except Exception as error:
        channel.send(_failed(path, limits, error))
        channel.receive()
    else:
        channel.send(_opened(source, measures), source.times_s, source.clock_s)
        request = channel.receive()
        while request["ask"] == "take":
            wanted = np.array(request["wanted"], np.int64)
            with contextlib.closing(_answers(source, wanted, path, limits)) as answers:
                request = _hand_out(channel, answers)
    channel.send({"is": "closed"})


def _open(
    path: Path, limits: Limits, folder: Path, confined: bool
) -> tuple[Source, tuple[str, ...]]:
    os.chdir(folder)
    limit_resources(limits, for_good=confined)
    measures = confine(path) if confined else ()
    return open_source(path, check_readable(path), limits), measures


def _hand_out(channel: Channel, answers: Iterator[Answer]) -> Message:
    """Send answers while the next is asked for; return what is asked instead.

    While the caller works with one frame the next is decoded.
    """
    message, arrays = next(answers)
    while True:
        channel.send(message, *arrays)
        message, arrays = next(answers, ({}, ()))
        request = channel.receive()
        if request["ask"] != "next":
            return request


def _answers(
    source: Source, wanted: npt.NDArray[np.int64], path: Path, limits: Limits
) -> Generator[Answer]:
    warnings: list[str] = []
    try:
        for index, rgb in source.pictures(wanted, warnings):
            height, width = rgb.shape[:2]
            shape = {"index": int(index), "width": width, "height": height}
            yield {"is": "frame", **shape, "warnings": _new(warnings)}, (rgb,)
    except Exception as error:
        yield {**_failed(path, limits, error), "warnings": _new(warnings)}, ()
    else:
        yield {"is": "end", "warnings": _new(warnings)}, ()


def _new(warnings: list[str]) -> list[object]:
    new = [packed(warning) for warning in warnings]
    warnings.clear()
    return new


def _opened(source: Source, measures: tuple[str, ...]) -> dict[str, object]:
    facts = asdict(source.info)
    del facts["path"]
    return {"is": "opened", "frames": len(source.times_s), "info": facts, "confined": measures}


def _failed(path: Path, limits: Limits, error: Exception) -> dict[str, object]:
    if isinstance(error, MemoryError):
        shown = Sentence("the memory that decoding takes")
        error = too_large(path, limits, "memory_bytes", shown)
    if isinstance(error, FacetellError):
        return {"is": "failed", "kind": type(error).__name__, "message": packed(said(error))}
    return {"is": "failed", "kind": "", "message": "".join(traceback.format_exception(error))}


if __name__ == "__main__":
    told = [word.partition("=")[2] for word in sys.argv if word.startswith("--fork=")]
    main(int(told[0]) if told else None)
