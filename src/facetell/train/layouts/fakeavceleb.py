"""FakeAVCeleb: videos in four folders by what was forged, picture or sound.

    RealVideo-RealAudio/African/men/id00076/00109.mp4
    FakeVideo-RealAudio/African/men/id00076/00109_id00478_wavtolip.mp4
    RealVideo-FakeAudio/...                      forged in sound only: left out
    meta_data.csv                                source,target1,target2,method,category,type,...

(Khalid et al. 2021, https://arxiv.org/abs/2108.05080.) All that shows one person is one group.
Ethnicity and gender are those that its folders name.
"""

from __future__ import annotations

import csv
from pathlib import PurePosixPath

from facetell.train.layouts.media import Choices, Layout, Listing, Media, Trait
from facetell.train.layouts.tree import Tree

REAL, SOUND_ONLY = "RealVideo-RealAudio", "RealVideo-FakeAudio"
FOLDERS = (REAL, SOUND_ONLY, "FakeVideo-RealAudio", "FakeVideo-FakeAudio")
METADATA = "meta_data.csv"


def matches(tree: Tree) -> bool:
    """Tell whether one of the two folders of forged pictures is there."""
    return any(_folder(name) in FOLDERS[2:] for name in tree.media)


def read(tree: Tree, _: Choices) -> Listing:
    """List the videos; where meta_data.csv is there, it names the methods."""
    methods = _methods(tree)
    wanted = [name for name in tree.media if _folder(name)]
    reals = {_key(name): name for name in wanted if _folder(name) == REAL}
    media = [_media(n, methods, reals) for n in wanted if _folder(n) != SOUND_ONLY]
    skipped = [(n, "forged in sound only") for n in wanted if _folder(n) == SOUND_ONLY]
    return Listing(tuple(media), tuple(skipped))


def _media(
    name: str, methods: dict[tuple[str, str, str], str], reals: dict[tuple[str, str], str]
) -> Media:
    path, folder = PurePosixPath(name), _folder(name)
    is_fake = folder != REAL
    person, recording = _key(name)
    method = methods.get((folder, person, path.name), "") if is_fake else ""
    return Media(
        name,
        is_fake,
        source="FakeAVCeleb",
        group=person,
        manipulation=_manipulation(method),
        method=method,
        original=reals.get((person, recording), "") if is_fake else "",
        traits=_traits(path),
    )


def _traits(path: PurePosixPath) -> tuple[Trait, ...]:
    """Read who is seen from the two folders above the person's; less, if they were moved."""
    above = path.parts[:-2]
    place = next((k for k, part in enumerate(above) if part in FOLDERS), len(above))
    return tuple(map(Trait, ("ethnicity", "gender"), above[place + 1 :]))


def _manipulation(method: str) -> str:
    """Return the kind of forgery: methods are wav2lip, faceswap, fsgan or two joined by a dash."""
    kinds = {"wav2lip": "lipsync", "faceswap": "faceswap", "fsgan": "faceswap"}
    return "+".join(kinds[word] for word in method.split("-") if word in kinds)


def _key(name: str) -> tuple[str, str]:
    """Return the person (the folder) and the recording (what the name begins with)."""
    path = PurePosixPath(name)
    return path.parent.name, path.stem.split("_")[0]


def _methods(tree: Tree) -> dict[tuple[str, str, str], str]:
    """Return methods by folder, person and file.

    The last two columns hold the file and its folder under one name, or shifted by one: the file
    is whichever cell ends like a video.
    """
    methods = {}
    for name in tree.named(METADATA):
        for row in csv.reader(tree.text(name).splitlines()):
            file = next((cell for cell in row if cell.endswith(".mp4")), "")
            if len(row) > 5 and file:
                methods[row[5], row[0], PurePosixPath(file).name] = row[3]
    return methods


def _folder(name: str) -> str:
    return next((part for part in PurePosixPath(name).parts[:-1] if part in FOLDERS), "")


LAYOUT = Layout("fakeavceleb", "FakeAVCeleb: RealVideo-RealAudio/, FakeVideo-...", matches, read)
