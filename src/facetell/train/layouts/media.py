"""What every layout yields: labelled media files of one data set, and what it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from facetell.errors import UsageError
from facetell.train.layouts.tree import Tree

PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""How data sets name their parts → how we do."""


@dataclass(frozen=True, slots=True)
class Trait:
    """What a data set says of who or what is seen, such as gender: women."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Media:
    """One video or picture and what its data set says of it.

    Attributes:
        file: its name in the `Tree`.
        is_fake: the label of its picture; the sound doesn't count.
        source: page, camera or collection that it came from.
        manipulation: kind of forgery, such as faceswap; empty for reals.
        method: tool that made it; empty for reals.
        group: what descends from one original.
        original: `file` of the real that it was forged from, if that is here.
        part: train, validation or test where the data set fixes it.
        traits: by which an evaluation is cut, beside all that stands above.
    """

    file: str
    is_fake: bool
    source: str
    group: str
    manipulation: str = ""
    method: str = ""
    original: str = ""
    part: str = ""
    traits: tuple[Trait, ...] = ()

    def group_in_store(self, dataset: str) -> str:
        """Name the group as a store does, which holds several data sets."""
        return f"{dataset}/{self.group}"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user may say about a data set.

    Attributes:
        fake_is: the value of a label that means fake.
        label: every file is "real" or "fake", whatever its place says; empty to believe that.
        allow_missing: labels whose file is absent are left out, not an error.
        manipulation: of fakes of which the data set doesn't tell it.
        method: likewise.
        traits: columns of a table that become traits, beside those that are known.
    """

    fake_is: str = ""
    label: str = ""
    allow_missing: bool = False
    manipulation: str = ""
    method: str = ""
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The media of one data set.

    Attributes:
        media: each file once.
        skipped: (file, reason) of what is labelled but not to be used.
    """

    media: tuple[Media, ...]
    skipped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A way in which data sets lie on disk.

    Attributes:
        name: for `--layout`.
        summary: what it looks like, one line.
        matches: tells whether a tree is of this layout.
        read: lists its media.
    """

    name: str
    summary: str
    matches: Callable[[Tree], bool]
    read: Callable[[Tree, Choices], Listing]


def check_classes(media: Sequence[Media], where: str) -> None:
    """Refuse a data set that cannot teach a difference.

    Raises:
        UsageError: it is empty, or has reals or fakes only.
    """
    if not media:
        raise UsageError(f"{where}: no labelled video or picture in it")
    for is_fake, name, other in ((False, "real", "fake"), (True, "fake", "real")):
        if not any(m.is_fake == is_fake for m in media):
            raise UsageError(
                f"{where}: no {name} media, all {len(media)} are {other}; if that is meant, "
                f"give --label {other}, and add the {name} ones from another source"
            )
