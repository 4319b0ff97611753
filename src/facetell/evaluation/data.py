"""Arguments of a command → the labelled media that it measures on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facetell.errors import UsageError
from facetell.options import RUNTIMES, Options
from facetell.train.layouts import (
    LAYOUTS,
    Choices,
    Media,
    Tree,
    check_classes,
    dataset_name,
    read_source,
)
from facetell.train.parts import part_media


@dataclass(frozen=True, slots=True)
class Data:
    """Labelled media, and what they are in words."""

    media: tuple[Media, ...]
    tree: Tree
    named: str


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is measured, and how it is run."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA", help="folder, tar or CSV of file,label")
    names = ", ".join(layout.name for layout in LAYOUTS)
    add("--layout", default="", metavar="NAME", help=f"one of {names}; default: found by itself")
    add("--part", default="", help="only this part of the data set: train, validation or test")
    add("--split", type=Path, metavar="FILE", help="parts as this file of facetell split has them")
    add("--fold", type=int, default=-1, metavar="K", help="of that file, the fold for validation")
    add("--name", default="", help="what its store calls the data set (default: the name of DATA)")
    add("--label", choices=["real", "fake"], default="", help="every file is (or take only) these")
    add("--fake-is", default="", metavar="VALUE", help="the label in the CSV that means fake")
    add("--allow-missing", action="store_true", help="leave out labels whose file is not there")
    add("--runtime", choices=RUNTIMES, default=Options().runtime, metavar="NAME",
        help="what runs the model (default: %(default)s)")  # fmt: skip
    add("--workers", type=int, default=2, metavar="N",
        help="processes, one thread each (default: %(default)s)")  # fmt: skip


def read_data(chosen: argparse.Namespace, only: str = "") -> Data:
    """List the labelled media that `add_data`'s arguments name.

    Args:
        chosen: the arguments.
        only: "real" or "fake" if the other class is not wanted; then it may be missing.

    Raises:
        UsageError: there is none, or a class is missing.
    """
    if chosen.workers < 1:
        raise UsageError(f"--workers {chosen.workers}: give at least 1")
    columns = tuple(getattr(chosen, "slice_by", ()))
    choices = Choices(chosen.fake_is, chosen.label, chosen.allow_missing, traits=columns)
    _, tree, listing = read_source(chosen.data, choices, chosen.layout)
    _check_traits(listing.media, columns, chosen.data)
    files = _parted(listing.media, chosen)
    media = tuple(m for m in files if chosen.part in ("", m.part))
    where = f"{chosen.data}, part {chosen.part}" if chosen.part else str(chosen.data)
    if not media:
        parts = sorted({m.part for m in files if m.part}) or ["none"]
        raise UsageError(f"{where}: no media of this part; it has {', '.join(parts)}")
    if only:
        media = tuple(m for m in media if m.is_fake == (only == "fake"))
    elif not chosen.label:
        check_classes(media, where)
    name = chosen.data.resolve().name
    return Data(media, tree, f"{name}, {chosen.part}" if chosen.part else name)


def _check_traits(media: Sequence[Media], columns: Sequence[str], data: Path) -> None:
    known = {trait.name for m in media for trait in m.traits}
    if missing := [column for column in columns if column not in known]:
        raise UsageError(
            f"--slice-by {missing[0]}: no file of {data} has it: it must be a column of its table"
        )


def _parted(media: Sequence[Media], chosen: argparse.Namespace) -> Sequence[Media]:
    if not chosen.split:
        return media
    return part_media(media, chosen.name or dataset_name(chosen.data), chosen.split, chosen.fold)
