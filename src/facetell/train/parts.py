"""Which clips of a store a run may train on, which tell how good it is, and of which files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facetell.errors import UsageError
from facetell.train.layouts import Media
from facetell.train.leaks import check_split
from facetell.train.split import Split, group_key, read_split
from facetell.train.store import ClipRecord, Store

TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True, slots=True)
class Parts:
    """The clips of training and of validation; test clips are in neither."""

    train: Sequence[ClipRecord]
    validation: Sequence[ClipRecord]


def read_parts(store: Store, split: str = "", fold: int = -1) -> Parts:
    """Sort a store's clips into parts.

    Args:
        store: the clips.
        split: file that `facetell split` made; without, the parts that the data sets name, and
            clips without one are to train on.
        fold: of that file, the fold that is validation; -1 where it has no folds.

    Raises:
        UsageError: the split leaks, lacks a clip or has no such fold, there is nothing to train
            on, or a class is missing in validation.
    """
    if split:
        part_of = _split_parts(store, Path(split), fold)
    else:
        part_of = {record.clip: record.part or TRAIN for record in store.records}
    train = [r for r in store.records if part_of[r.clip] == TRAIN]
    validation = [r for r in store.records if part_of[r.clip] == VALIDATION]
    if not train:
        raise UsageError(f"{store.root}: no clips to train on")
    fakes = sum(record.is_fake for record in validation)
    if not fakes or fakes == len(validation):
        raise UsageError(
            f"{store.root}: validation needs real and fake clips, found {len(validation) - fakes} "
            f"real and {fakes} fake: make a split with `facetell split`"
        )
    return Parts(train, validation)


def _split_parts(store: Store, path: Path, fold: int) -> dict[str, str]:
    split = read_split(path)
    check_split(split, store.records, path)
    part = _of_fold(split, fold, path).part_of_group()
    return {record.clip: part[group_key(record)] for record in store.records}


def _of_fold(split: Split, fold: int, path: Path) -> Split:
    if split.folds and fold < 0:
        raise UsageError(f"{path}: has {len(split.folds)} folds: say which is validation (fold)")
    return split.of_fold(fold) if fold >= 0 else split


def part_media(media: Sequence[Media], dataset: str, path: Path, fold: int = -1) -> list[Media]:
    """Give files the parts that a split gave the clips made of them.

    Args:
        media: the files of one data set.
        dataset: what the store calls it.
        path: the file that `facetell split` made.
        fold: of it, the fold that is validation; -1 where it has no folds.

    Returns:
        Those that the split knows: files without a face never came into the store.

    Raises:
        UsageError: the split has no such fold, or knows none of the files.
    """
    part = _of_fold(read_split(path), fold, path).part_of_group()
    keys = [f"{dataset}/{one.group_in_store(dataset)}" for one in media]
    known = [replace(m, part=part[k]) for m, k in zip(media, keys, strict=True) if k in part]
    if not known:
        raise UsageError(
            f"{path}: knows no file of {dataset!r}: give the name that `facetell prepare` called "
            f"it by with --name; it knows {', '.join(sorted({k.split('/')[0] for k in part}))}"
        )
    return known
