"""A folder or tar with real/ and fake/ somewhere in it; without them every file has one label.

real/a.mp4, fake/b.mp4
train/real/a.jpg, test/fake/b.jpg       the part is taken from the path
real/video7/0001.jpg                    frames of one video: the folder is the group
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from facetell.train.layouts.media import PARTS, Choices, Layout, Listing, Media
from facetell.train.layouts.tree import Tree

CLASSES = {
    "real": False,
    "original": False,
    "originals": False,
    "fake": True,
    "fakes": True,
    "deepfake": True,
    "deepfakes": True,
}
STILLS = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"))


def matches(tree: Tree) -> bool:
    """Tell whether both classes have a folder."""
    return {_class_at(name)[0] for name in tree.media} >= {False, True}


def read(tree: Tree, choices: Choices) -> Listing:
    """List all media below the folders of the two classes."""
    return Listing(tuple(_media(tree, choices)))


def _media(tree: Tree, choices: Choices) -> Iterator[Media]:
    for name in tree.media:
        is_fake, below = _class_at(name)
        if is_fake is None and not choices.label:
            continue
        label = choices.label == "fake" if is_fake is None else is_fake
        yield Media(name, label, tree.root.stem, _group(below), part=_part(name))


def _class_at(name: str) -> tuple[bool | None, PurePosixPath]:
    """Return the label that a path says, and what follows the folder that says it."""
    parts = PurePosixPath(name).parts
    for place, part in enumerate(parts[:-1]):
        if part.lower() in CLASSES:
            return CLASSES[part.lower()], PurePosixPath(*parts[place + 1 :])
    return None, PurePosixPath(name)


def _group(below: PurePosixPath) -> str:
    """Return the video of a still, or the file: real/a and fake/a may be of one recording."""
    if below.suffix.lower() in STILLS and len(below.parts) > 1:
        return str(below.parent)
    return str(below.with_suffix(""))


def _part(name: str) -> str:
    folders = [part.lower() for part in PurePosixPath(name).parts[:-1]]
    return next((PARTS[folder] for folder in folders if folder in PARTS), "")


LAYOUT = Layout("folders", "folders real/ and fake/ of videos or pictures", matches, read)
