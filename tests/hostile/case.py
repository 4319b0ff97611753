"""A hostile file, how it is made and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Make = Callable[[Path, int], bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """A hostile file.

    Attributes:
        name: what it is called.
        make: returns its bytes, given its folder and the server's port.
        outcome: the code of the refusal, or how many frames are read, of six at most.
        words: of the message.
    """

    name: str
    make: Make
    outcome: str | int
    words: str = ""


def text(template: str) -> Make:
    """Return a maker of a text that names the secret clip and the server."""

    def make(folder: Path, port: int) -> bytes:
        return template.format(
            file=f"file://{folder}/secret.mp4", path=f"{folder}/secret.mp4", port=port,
            http=f"http://127.0.0.1:{port}/secret.mp4",
        ).encode()  # fmt: skip

    return make


def plain(build: Callable[[Path], bytes], ending: str) -> Make:
    """Return a maker that needs but a file of its own to work with."""
    return lambda folder, port: build(folder / f"made{ending}")


def known(data: bytes) -> Make:
    return lambda folder, port: data
