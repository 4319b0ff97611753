"""DeeperForensics-1.0, whose real part is that of FaceForensics++.

    manipulated_videos/end_to_end/000_M101.mp4      FaceForensics++ target_actor
    manipulated_videos/end_to_end_level_1/...       the same, disturbed; 11 folders in all
    lists/splits/{train,val,test}.txt               names of manipulated videos
    original_sequences/youtube/c23/videos/000.mp4   to be added (or linked) from FaceForensics++

(Jiang et al. 2020, https://arxiv.org/abs/2001.03024.) Its source_videos are studio recordings for
making fakes and, as its authors say, not the real part; they are left out.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from facetell.train.layouts.media import PARTS, Choices, Layout, Listing, Media
from facetell.train.layouts.tree import Tree

FAKE, REAL = "manipulated_videos", ("original_sequences", "youtube")


def matches(tree: Tree) -> bool:
    """Tell whether there are DeeperForensics' fakes."""
    return any(_is_fake(name) for name in tree.media)


def read(tree: Tree, _: Choices) -> Listing:
    """List the fakes of all folders, and FaceForensics++'s youtube videos as their reals."""
    fakes = [name for name in tree.media if _is_fake(name)]
    reals = [name for name in tree.media if _is_real(name)]
    parts = _parts(tree)
    by_target = {PurePosixPath(name).stem: name for name in reals}
    media = [_real(name, parts) for name in reals]
    media += [_fake(name, parts, by_target) for name in fakes]
    return Listing(tuple(media))


def _real(name: str, parts: dict[str, str]) -> Media:
    target = PurePosixPath(name).stem
    return Media(name, False, "FaceForensics++ youtube", target, part=parts.get(target, ""))


def _fake(name: str, parts: dict[str, str], by_target: dict[str, str]) -> Media:
    path = PurePosixPath(name)
    target = path.stem.split("_")[0]
    return Media(
        name,
        True,
        "DeeperForensics",
        group=target,
        manipulation="faceswap",
        method=f"DF-VAE {path.parent.name}",
        original=by_target.get(target, ""),
        part=parts.get(target, ""),
    )


def _parts(tree: Tree) -> dict[str, str]:
    """Return the part of each target: the lists name fakes, their reals go along."""
    parts = {}
    for file in ("train.txt", "val.txt", "test.txt"):
        for name in tree.named(file):
            for line in tree.text(name).split():
                parts[PurePosixPath(line).stem.split("_")[0]] = PARTS[PurePosixPath(file).stem]
    return parts


def _is_fake(name: str) -> bool:
    return FAKE in PurePosixPath(name).parts[:-1]


def _is_real(name: str) -> bool:
    parts = PurePosixPath(name).parts[:-1]
    return any(parts[k : k + 2] == REAL for k in range(len(parts))) and "videos" in parts


LAYOUT = Layout("deeperforensics", "DeeperForensics-1.0: manipulated_videos/", matches, read)
