"""FaceForensics++ and DeepFakeDetection, at every compression.

    original_sequences/{youtube,actors}/{raw,c0,c23,c40}/videos/000.mp4
    manipulated_sequences/METHOD/{raw,c0,c23,c40}/videos/000_003.mp4     target_source
    train.json, val.json, test.json                                      lists of pairs, anywhere

(Rössler et al. 2019, https://arxiv.org/abs/1901.08971.) The two videos of a pair are both in the
other's fakes, so they and all their fakes are one group, and of one part. The actors' videos
(DeepFakeDetection) have no official parts; there a group is one recording.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from facetell.errors import UsageError
from facetell.train.layouts.media import Choices, Layout, Listing, Media
from facetell.train.layouts.tree import Tree

REAL, FAKE = "original_sequences", "manipulated_sequences"
ACTORS = "DeepFakeDetection"
MANIPULATIONS = {
    "Deepfakes": "faceswap",
    "FaceSwap": "faceswap",
    "FaceShifter": "faceswap",
    ACTORS: "faceswap",
    "Face2Face": "reenactment",
    "NeuralTextures": "reenactment",
}
COMPRESSIONS = ("raw", "c0", "c23", "c40")
SPLITS = {"train.json": "train", "val.json": "validation", "test.json": "test"}


@dataclass(frozen=True, slots=True)
class _Video:
    """One video by its place: .../sequences/collection/compression/videos/stem.mp4."""

    file: str
    is_fake: bool
    collection: str
    compression: str

    @property
    def stem(self) -> str:
        return PurePosixPath(self.file).stem


def matches(tree: Tree) -> bool:
    """Tell whether there are both kinds of sequences, or manipulated ones alone."""
    return any(video.is_fake for video in _videos(tree))


def read(tree: Tree, _: Choices) -> Listing:
    """List the videos of all methods and compressions.

    Raises:
        UsageError: a file of official pairs is none.
    """
    videos = list(_videos(tree))
    parts = _parts(tree)
    partners = _partners(videos)
    reals = {(v.compression, v.stem): v.file for v in videos if not v.is_fake}
    return Listing(tuple(_media(video, parts, partners, reals) for video in videos))


def _videos(tree: Tree) -> Iterator[_Video]:
    for name in tree.media:
        parts = PurePosixPath(name).parts
        for top in (REAL, FAKE):
            if top in parts:
                below = parts[parts.index(top) + 1 :]
                # else masks, models or single pictures
                if len(below) == 4 and below[1] in COMPRESSIONS and below[2] == "videos":
                    yield _Video(name, top == FAKE, below[0], below[1])


def _media(
    video: _Video,
    parts: Mapping[str, str],
    partners: Mapping[str, str],
    reals: Mapping[tuple[str, str], str],
) -> Media:
    target = _target(video)
    is_actor = video.collection in ("actors", ACTORS)
    pair = sorted({target, partners.get(target, target)})
    return Media(
        video.file,
        video.is_fake,
        source="FaceForensics++ actors" if is_actor else "FaceForensics++ youtube",
        group=target if is_actor else "_".join(pair),
        manipulation=MANIPULATIONS.get(video.collection, "") if video.is_fake else "",
        method=video.collection if video.is_fake else "",
        original=reals.get((video.compression, target), "") if video.is_fake else "",
        part=parts.get(target, ""),
    )


def _target(video: _Video) -> str:
    """Return the real video that was altered: 000 of 000_003, 01__walk of 01_02__walk__ABC."""
    if not video.is_fake:
        return video.stem
    if video.collection != ACTORS:
        return video.stem.split("_")[0]
    people, _, rest = video.stem.partition("__")
    return f"{people.split('_')[0]}__{rest.rpartition('__')[0]}"


def _partners(videos: list[_Video]) -> dict[str, str]:
    """Return whose face each youtube video got."""
    fakes = [v.stem.split("_") for v in videos if v.is_fake and v.collection != ACTORS]
    return {pair[0]: pair[1] for pair in fakes if len(pair) == 2} | {
        pair[1]: pair[0] for pair in fakes if len(pair) == 2
    }


def _parts(tree: Tree) -> dict[str, str]:
    parts: dict[str, str] = {}
    for file, part in SPLITS.items():
        for name in tree.named(file):
            try:
                pairs = json.loads(tree.text(name))
                parts |= {str(video): part for pair in pairs for video in pair}
            except (ValueError, TypeError) as error:
                raise UsageError(f"{tree.root / name}: not a list of pairs ({error})") from error
    return parts


LAYOUT = Layout(
    "faceforensics", "FaceForensics++: original_sequences/, manipulated_sequences/", matches, read
)
