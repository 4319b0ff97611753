"""DFDC, the Deepfake Detection Challenge: folders of videos, each with a metadata.json.

    dfdc_train_part_0/metadata.json     {"a.mp4": {"label": "FAKE", "original": "b.mp4", ...}, ...}
    dfdc_train_part_0/a.mp4

(Dolhansky et al. 2020, https://arxiv.org/abs/2006.07397.) Methods are not told. Fakes altered in
sound only are not marked either: prepare finds them by their picture, which equals the original's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from facetell.errors import UsageError
from facetell.train.layouts.media import PARTS, Choices, Layout, Listing, Media
from facetell.train.layouts.tree import Tree

METADATA = "metadata.json"
LABELS = {"REAL": False, "FAKE": True}


def matches(tree: Tree) -> bool:
    """Tell whether there is a metadata.json."""
    return bool(tree.named(METADATA))


def read(tree: Tree, choices: Choices) -> Listing:
    """List the videos of all chunks; those of chunks that aren't here are not missed.

    Raises:
        UsageError: a metadata.json that is none, or a video with two labels.
    """
    labelled = dict(_labelled(tree))
    files = {PurePosixPath(name).name: name for name in labelled}
    media: list[Media] = []
    missing = []
    for name, entry in labelled.items():
        if name not in tree.places:
            missing.append((name, "labelled, but not there"))
            continue
        original = str(entry.get("original") or "")
        real = files.get(original, "")
        media.append(
            Media(
                name,
                LABELS[str(entry["label"]).upper()],
                "DFDC",
                group=PurePosixPath(original or name).stem,
                original=real if real in tree.places else "",
                part=_part(entry),
            )
        )
    if missing and not media and not choices.allow_missing:
        raise UsageError(f"{tree.root}: none of the {len(missing)} labelled videos is there")
    return Listing(tuple(media), tuple(missing))


def _labelled(tree: Tree) -> Iterator[tuple[str, dict[str, object]]]:
    for name in tree.named(METADATA):
        where = f"{tree.root / name}"
        try:
            entries = json.loads(tree.text(name))
            for video, entry in entries.items():
                if str(entry["label"]).upper() not in LABELS:
                    raise UsageError(f"{where}: {video} has the label {entry['label']!r}")
                yield (PurePosixPath(name).parent / video).as_posix(), entry
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise UsageError(f"{where}: not DFDC's metadata ({error!r})") from error


def _part(entry: dict[str, object]) -> str:
    # Every training video says "train": that is where they came from, and no split of them.
    part = PARTS.get(str(entry.get("split", "")), "")
    return part if part != "train" else ""


LAYOUT = Layout("dfdc", "DFDC: folders of videos with a metadata.json", matches, read)
