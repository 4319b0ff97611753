"""Small real files → mutants of them: bytes, lengths and whole stretches changed by chance.

Seeds are made on the spot, one for each container, codec and picture format; the same number
makes the same mutant of the same seed.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.media import (
    CONTAINERS,
    cut,
    front_indexed,
    make_animation,
    make_picture,
    make_video,
    picture,
    turned,
    with_exif,
)

PICTURES = ("a.jpg", "a.png", "a.webp", "a.bmp", "a.tiff", "a.avif")
HEIC = Path(__file__).parents[1] / "data" / "turned.heic"
SIZE = (64, 64)
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Numbers over which readers stumble."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed file: its number, the name of the seed it comes from, its bytes."""

    number: int
    seed: str
    data: bytes


def seeds(folder: Path) -> dict[str, bytes]:
    """Make one file of each kind; return their bytes by name."""
    for name, recipe in CONTAINERS.items():
        size = recipe.size if recipe.codec == "h263" else SIZE
        make_video(folder / name, replace(recipe, frames=6, size=size))
    for name in PICTURES:
        make_picture(folder / name, picture(5, SIZE))
    with_exif(make_picture(folder / "exif.jpg", picture(5, SIZE)), 6)
    make_animation(folder / "moving.webp", 4, SIZE)
    turned(
        front_indexed(folder / "turned.mp4", replace(CONTAINERS["clip.mp4"], frames=6)),
        (0, 1, -1, 0),
    )
    cut(front_indexed(folder / "cut.mp4"), 0.8)
    (folder / HEIC.name).write_bytes(HEIC.read_bytes())
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def mutants(made: dict[str, bytes], numbers: range) -> Iterator[Mutant]:
    """Yield mutants, of each seed in turn."""
    names = sorted(made)
    for number in numbers:
        chance = random.Random(number)
        name = names[number % len(names)]
        data = bytearray(made[name])
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            chance.choice(_CHANGES)(data, chance)
        if chance.random() < 0.05:
            other = made[chance.choice(names)]
            data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other)) :]
        yield Mutant(number, name, bytes(data))


def _place(data: bytearray, chance: random.Random, width: int = 1) -> int:
    """Choose where: in the headers half of the time, where a change means most."""
    last = max(len(data) - width, 0)
    return chance.randint(0, min(last, 1024)) if chance.random() < 0.5 else chance.randint(0, last)


def _flip(data: bytearray, chance: random.Random) -> None:
    if data:
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _set_number(data: bytearray, chance: random.Random) -> None:
    """Write a number over which readers stumble, of 1, 2 or 4 bytes in either order."""
    width, letter = chance.choice(((1, "B"), (2, "H"), (4, "I")))
    number = chance.choice(EDGES) & ((1 << 8 * width) - 1)
    at = _place(data, chance, width)
    data[at : at + width] = struct.pack(chance.choice("<>") + letter, number)


def _randomise(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    length = min(chance.randint(1, 32), len(data) - at)
    data[at : at + length] = chance.randbytes(length)


def _clear(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    length = min(chance.choice((4, 16, 256)), len(data) - at)
    data[at : at + length] = bytes(length)


def _remove(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 2, 4, 16, 64, 1024))]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at:at] = data[at : at + chance.choice((1, 4, 16, 64, 512))] * chance.choice((1, 2, 16))


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randint(0, len(data)) :]


_CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _flip, _set_number, _set_number, _set_number, _randomise, _clear),
    *(_remove, _repeat, _cut),
)
