"""Celeb-DF, versions 1 and 2.

    Celeb-real/id0_0000.mp4              person_recording
    Celeb-synthesis/id0_id16_0000.mp4    that recording with the face of person 16
    YouTube-real/00000.mp4
    List_of_testing_videos.txt           1 YouTube-real/00170.mp4     1 is real, 0 is fake

(Li et al. 2020, https://arxiv.org/abs/1909.12962.)
"""

from __future__ import annotations

from pathlib import PurePosixPath

from facetell.errors import UsageError
from facetell.train.layouts.media import Choices, Layout, Listing, Media
from facetell.train.layouts.tree import Tree

FOLDERS = {"celeb-real": False, "celeb-synthesis": True, "youtube-real": False}
TEST_LIST = "List_of_testing_videos.txt"


def matches(tree: Tree) -> bool:
    """Tell whether there are Celeb-DF's fakes."""
    return any(_folder(name) == "celeb-synthesis" for name in tree.media)


def read(tree: Tree, _: Choices) -> Listing:
    """List the videos; those of the official test list are of the part `test`.

    Raises:
        UsageError: the list calls a video real that lies among the fakes, or the reverse.
    """
    tested = _tested(tree)
    reals = {PurePosixPath(n).stem: n for n in tree.media if _folder(n) == "celeb-real"}
    return Listing(
        tuple(_media(name, reals, tested) for name in tree.media if _folder(name) in FOLDERS)
    )


def _media(name: str, reals: dict[str, str], tested: set[str]) -> Media:
    folder, stem = _folder(name), PurePosixPath(name).stem
    is_fake = FOLDERS[folder]
    person = stem.split("_")
    target = f"{person[0]}_{person[-1]}" if is_fake else stem
    return Media(
        name,
        is_fake,
        source="Celeb-DF youtube" if folder == "youtube-real" else "Celeb-DF",
        group=f"youtube_{stem}" if folder == "youtube-real" else target,
        manipulation="faceswap" if is_fake else "",
        method="Celeb-DF" if is_fake else "",
        original=reals.get(target, "") if is_fake else "",
        part="test" if f"{folder}/{stem}" in tested else "",
    )


def _tested(tree: Tree) -> set[str]:
    tested = set()
    for name in tree.named(TEST_LIST):
        for line in tree.text(name).splitlines():
            label, _, video = line.strip().partition(" ")
            folder = _folder(video.strip())
            if not video:
                continue
            if folder not in FOLDERS or (label == "0") != FOLDERS[folder]:
                raise UsageError(f"{tree.root / name}: {line!r}: expected 1 for real, 0 for fake")
            tested.add(f"{folder}/{PurePosixPath(video.strip()).stem}")
    return tested


def _folder(name: str) -> str:
    """Return which of the three folders a video lies in, at whatever depth, or nothing."""
    parts = [part.lower() for part in PurePosixPath(name).parts[:-1]]
    return next((part for part in reversed(parts) if part in FOLDERS), "")


LAYOUT = Layout("celeb-df", "Celeb-DF: Celeb-real/, Celeb-synthesis/, YouTube-real/", matches, read)
