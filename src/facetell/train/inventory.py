"""What a data set holds, file by file: what is broken, comes twice, or is forged in sound only.

Nothing is changed. `leave_out` names what to leave out when the data set is prepared.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facetell.errors import FacetellError
from facetell.faces import FaceDetector, load_detector
from facetell.train.layouts import Listing, Media, Tree
from facetell.train.likeness import picture_hash, same_faces
from facetell.train.progress import FileProgress
from facetell.train.workers import Crashed, Workforce
from facetell.video import open_video

ALIKE_BITS = 6
"""Of the 192 bits of a picture hash, how many may differ for the pictures to count as equal."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file is.

    Attributes:
        media: its label.
        problem: why it cannot be used; empty if it can.
        sha256: of its bytes.
        picture: its perceptual hash.
        width, height: pixels.
        duration_s: length; 0 of a picture.
        frames: how many; 1 of a picture.
        sound_only: a fake whose faces are those of its original.
    """

    media: Media
    problem: str = ""
    sha256: str = ""
    picture: int = 0
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    frames: int = 0
    sound_only: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """A data set, looked at.

    Attributes:
        facts: of each file, in order of name.
        equal_bytes: groups of files that are copies of each other.
        equal_pictures: groups of files of several `Media.group`s that show the same: a split
            would put them on both sides.
    """

    facts: tuple[FileFacts, ...]
    equal_bytes: tuple[tuple[str, ...], ...]
    equal_pictures: tuple[tuple[str, ...], ...]


def take_inventory(tree: Tree, listing: Listing, workers: int) -> Inventory:
    """Look at every file of a data set."""
    force: Workforce[Media, FileFacts] = Workforce(look, equip, (tree,), workers)
    progress = FileProgress(len(listing.media))
    facts = []
    for media, result in force.run(listing.media):
        if isinstance(result, Crashed):
            result = FileFacts(media, "crashes its decoder")
        facts.append(result)
        progress.step()
    progress.finish()
    facts.sort(key=lambda fact: fact.media.file)
    sound = [fact for fact in facts if not fact.problem]
    return Inventory(tuple(facts), _equal_bytes(sound), _equal_pictures(sound))


def leave_out(inventory: Inventory, balance: bool, seed: int = 0) -> dict[str, str]:
    """Return what to leave out, and why: broken files, copies, fakes of the sound alone.

    Args:
        inventory: of the data set.
        balance: also so many of the larger class that both are the same, evenly over methods.
        seed: of that draw.
    """
    out = {fact.media.file: fact.problem for fact in inventory.facts if fact.problem}
    for first, *copies in inventory.equal_bytes:
        out |= dict.fromkeys(copies, f"same bytes as {first}")
    out |= {fact.media.file: "forged in sound only" for fact in inventory.facts if fact.sound_only}
    if balance:
        kept = [fact.media for fact in inventory.facts if fact.media.file not in out]
        out |= dict.fromkeys(_surplus(kept, seed), "to balance the classes")
    return out


def equip(tree: Tree) -> None:
    """Set up a worker."""
    cv2.setNumThreads(1)
    _equipment[:] = [(tree, load_detector(1))]


_equipment: list[tuple[Tree, FaceDetector]] = []


def look(media: Media) -> FileFacts:
    """Look at one file."""
    ((tree, detector),) = _equipment
    try:
        with tree.opened(media.file) as path:
            try:
                return _look(path, media, tree, detector)
            except FacetellError as error:
                return FileFacts(media, str(error).removeprefix(f"{path}: "))
    except OSError as error:
        return FileFacts(media, error.strerror or str(error))


def _look(path: Path, media: Media, tree: Tree, detector: FaceDetector) -> FileFacts:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with open_video(path) as video:
        info = video.info
    duration_s = info.duration_s or 0.0
    sound_only = False
    if media.is_fake and media.original:
        with tree.opened(media.original) as original:
            sound_only = same_faces(path, original, detector)
    frames = max(1, round(duration_s * (info.fps or 0.0)))
    size = (info.width, info.height)
    return FileFacts(media, "", sha256, picture_hash(path), *size, duration_s, frames, sound_only)


def _equal_bytes(facts: Sequence[FileFacts]) -> tuple[tuple[str, ...], ...]:
    return tuple(_several(_grouped((fact.sha256, fact.media.file) for fact in facts)))


def _equal_pictures(facts: Sequence[FileFacts]) -> tuple[tuple[str, ...], ...]:
    """Find files that look alike though nothing says that they belong together.

    A fake looks like its original as a whole, but they are of one group and are not meant.
    """
    by_file = {fact.media.file: fact for fact in facts}
    shapes = _grouped((fact.frames > 1, fact.media.file) for fact in facts)
    found = []
    for files in shapes.values():
        hashes = np.array([_bits(by_file[file].picture) for file in files])
        for row in range(len(files)):
            near = np.flatnonzero((hashes != hashes[row]).sum(1) <= ALIKE_BITS)
            alike = tuple(files[k] for k in near)
            groups = {by_file[name].media.group for name in alike}
            if len(groups) > 1 and near[0] == row:  # once, not from each of them
                found.append(alike)
    return tuple(found)


def _bits(picture: int) -> list[int]:
    return [int(bit) for bit in f"{picture:0192b}"]


def _grouped(pairs: Iterable[tuple[object, str]]) -> dict[object, list[str]]:
    groups: dict[object, list[str]] = defaultdict(list)
    for key, file in pairs:
        groups[key].append(file)
    return groups


def _several(groups: Mapping[object, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    return (tuple(files) for files in groups.values() if len(files) > 1)


def _surplus(media: Sequence[Media], seed: int) -> list[str]:
    """Return what the larger class has too much, taken from its most frequent methods first."""
    classes = [[m for m in media if m.is_fake == is_fake] for is_fake in (False, True)]
    small, large = sorted(classes, key=len)
    rng = np.random.default_rng(seed)
    methods: dict[str, list[str]] = defaultdict(list)
    for k in rng.permutation(len(large)):
        methods[large[k].method or large[k].source].append(large[k].file)
    surplus = range(len(large) - len(small))
    return sorted(max(methods.values(), key=len).pop() for _ in surplus)
