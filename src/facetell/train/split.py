"""Which groups of a store are trained on, chosen on and tested on: made once, kept as a file.

A group holds what descends from one original. Groups that share an original or a person (or, by
`source`, where they come from) form a component, and a component is never divided: a model that
meets a face, a room or a camera again recognises it instead of a forgery.

    split.json   {"version": 1, "rule": "person", "seed": 0, "sources_held_out": [],
                  "parts": {"train": [group, …], "validation": […], "test": […], "dropped": […]},
                  "folds": [[group, …], …], "nearest": {"train–validation": 0.46}}
"""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from facetell.errors import InputNotFound, UsageError
from facetell.records import read_record
from facetell.train.dealing import deal_out
from facetell.train.store import ClipRecord

Rule = Literal["person", "group", "source", "part"]
RULES: tuple[Rule, ...] = get_args(Rule)
TRAIN, VALIDATION, TEST, DROPPED = "train", "validation", "test", "dropped"
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SplitParts:
    """The groups of each part, as `group_key` names them; `dropped` ones are never used."""

    train: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nearest:
    """Smallest distance between face embeddings of two parts."""

    parts: str
    distance: float


@dataclass(frozen=True, slots=True)
class Split:
    """What split.json holds.

    Attributes:
        rule: what a component shares: "person", "group" or "source"; "part" takes the parts that
            the data sets name themselves.
        seed: of the draw.
        parts: with folds, `train` holds the groups of all folds and `validation` none.
        folds: groups of each fold; fold k is validation in turn.
        sources_held_out: sources that went to `test` whole.
        nearest: between parts, where it was measured.
    """

    version: int
    rule: str
    seed: int
    parts: SplitParts
    folds: tuple[tuple[str, ...], ...] = ()
    sources_held_out: tuple[str, ...] = ()
    nearest: tuple[Nearest, ...] = ()

    def of_fold(self, fold: int) -> Split:
        """Return the split in which one fold is validation and the others are trained on.

        Raises:
            UsageError: there is no such fold.
        """
        if not 0 <= fold < len(self.folds):
            raise UsageError(f"fold {fold}: this split has {len(self.folds)} folds, from 0")
        train = tuple(g for k, groups in enumerate(self.folds) if k != fold for g in groups)
        return replace(
            self, parts=replace(self.parts, train=train, validation=self.folds[fold]), folds=()
        )

    def part_of_group(self) -> dict[str, str]:
        """Return each group's part."""
        return {g: part for part, groups in _named(self.parts).items() for g in groups}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a split is to be made.

    Attributes:
        rule: see `Split`.
        validation, test: shares of the clips, 0–1, of each class and data set.
        folds: 0, or how many folds to make of what is not for test.
        hold_out: sources that are for test.
        seed: of the draw.
    """

    rule: Rule = "person"
    validation: float = 0.1
    test: float = 0.1
    folds: int = 0
    hold_out: tuple[str, ...] = field(default_factory=tuple)
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.validation, self.test) < 0 or self.validation + self.test >= 1:
            raise UsageError("validation and test: shares from 0 that leave something to train on")
        if self.folds == 1 or self.folds < 0:
            raise UsageError(f"{self.folds} folds: give 2 or more, or 0 for none")
        if self.rule == "part" and (self.folds or self.hold_out):
            raise UsageError("the data sets' own parts (--by part) leave no folds or sources open")


def group_key(record: ClipRecord) -> str:
    """Name a clip's group across data sets; a clip without one is its file's."""
    return f"{record.dataset}/{record.group or record.file}"


def make_split(
    records: Sequence[ClipRecord], plan: Plan, near: Collection[tuple[int, int]] = ()
) -> Split:
    """Divide a store's clips.

    Args:
        records: all clips; by "person" with their `identity`.
        plan: how.
        near: pairs of positions in `records` that lie too near to be in two parts, yet are no one
            person for sure: the one that is trained on is dropped.

    Raises:
        UsageError: a source is unknown, or too little is left for a part.
    """
    if plan.rule == "part":
        return Split(1, plan.rule, plan.seed, _own_parts(records))
    component = components(records, by_source=plan.rule == "source")
    held_out = _held_out(records, component, plan.hold_out)
    rest = np.setdiff1d(component, held_out)
    if plan.folds:
        shares = [plan.test if not plan.hold_out else 0.0]
        shares += [(1 - shares[0]) / plan.folds] * plan.folds
    else:
        test = plan.test if not plan.hold_out else 0.0
        shares = [test, plan.validation, 1 - test - plan.validation]
    place = _divided(records, component, rest, shares, plan.seed)
    place[held_out] = 0
    bins = [_groups(records, place[component] == k) for k in range(len(shares))]
    if plan.folds:
        pooled = tuple(sorted(g for fold in bins[1:] for g in fold))
        parts = SplitParts(train=pooled, test=bins[0])
        return Split(1, plan.rule, plan.seed, parts, tuple(bins[1:]), plan.hold_out)
    parts = SplitParts(train=bins[2], validation=bins[1], test=bins[0])
    made = Split(1, plan.rule, plan.seed, parts, (), plan.hold_out)
    return without_near(made, records, near)


def components(records: Sequence[ClipRecord], by_source: bool = False) -> Ints:
    """Number what must stay together, (N,): clips that share a group, file, original or person."""
    parent = list(range(len(records)))
    first: dict[Hashable, int] = {}
    for k, record in enumerate(records):
        for name in _shared_names(record, by_source):
            a, b = _root(parent, first.setdefault(name, k)), _root(parent, k)
            parent[max(a, b)] = min(a, b)
    roots = [_root(parent, k) for k in range(len(records))]
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def _shared_names(record: ClipRecord, by_source: bool) -> list[Hashable]:
    names: list[Hashable] = [("group", group_key(record)), ("file", record.dataset, record.file)]
    if record.original:
        names.append(("file", record.dataset, record.original))
    if record.identity:
        names.append(("identity", record.identity))
    if by_source:
        names.append(("source", record.source))
    return names


def _root(parent: list[int], k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


def _held_out(records: Sequence[ClipRecord], component: Ints, sources: Sequence[str]) -> Ints:
    known = {record.source for record in records}
    if unknown := sorted(set(sources) - known):
        raise UsageError(f"no source {unknown} in this store; it has {sorted(known)}")
    chosen = np.array([record.source in sources for record in records], bool)
    return np.unique(component[chosen])


def _divided(
    records: Sequence[ClipRecord],
    component: Ints,
    chosen: Ints,
    shares: Sequence[float],
    seed: int,
) -> Ints:
    """Put each component where classes and data sets come nearest to their shares."""
    kinds = sorted({(r.dataset, r.is_fake) for r in records})
    counts = np.zeros((component.max(initial=-1) + 1, len(kinds)))
    column = np.array([kinds.index((r.dataset, r.is_fake)) for r in records])
    np.add.at(counts, (component, column), 1)
    return deal_out(counts, chosen, shares, seed)


def without_near(
    split: Split, records: Sequence[ClipRecord], near: Collection[tuple[int, int]]
) -> Split:
    """Drop the groups to train on that have a clip too near to one of another part."""
    part = split.part_of_group()
    parts = [part[group_key(record)] for record in records]
    dropped = set()
    for a, b in near:
        for mine, other in ((a, b), (b, a)):
            if parts[mine] == TRAIN and parts[other] in (VALIDATION, TEST):
                dropped.add(group_key(records[mine]))
    kept = tuple(g for g in split.parts.train if g not in dropped)
    return replace(split, parts=replace(split.parts, train=kept, dropped=tuple(sorted(dropped))))


def _own_parts(records: Sequence[ClipRecord]) -> SplitParts:
    if not any(record.part for record in records):
        raise UsageError("the data sets of this store name no parts: split --by another rule")
    groups = {
        part: _groups(records, np.array([(r.part or TRAIN) == part for r in records]))
        for part in (TRAIN, VALIDATION, TEST)
    }
    return SplitParts(**groups)


def _groups(records: Sequence[ClipRecord], chosen: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(sorted({group_key(r) for r, taken in zip(records, chosen, strict=True) if taken}))


def _named(parts: SplitParts) -> Mapping[str, tuple[str, ...]]:
    return {name: getattr(parts, name) for name in (TRAIN, VALIDATION, TEST, DROPPED)}


def write_split(split: Split, path: Path) -> None:
    """Write split.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(split), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_split(path: Path) -> Split:
    """Read split.json.

    Raises:
        InputNotFound: there is no such file.
        UsageError: it is no split of this version.
    """
    if not path.is_file():
        raise InputNotFound(f"{path}: no such file; `facetell split` makes one")
    try:
        split = read_record(Split, json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a split: {error}") from error
    if split.version != 1:
        raise UsageError(f"{path}: version {split.version}, this program reads 1")
    return split
