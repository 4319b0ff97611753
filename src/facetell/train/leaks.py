"""Does a split leak? Looked up clip by clip, and measured, whatever rule made the split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from facetell.errors import UsageError
from facetell.train.faces_alike import LINK, Embeddings, nearest
from facetell.train.split import DROPPED, TEST, TRAIN, VALIDATION, Nearest, Split, group_key
from facetell.train.store import ClipRecord

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Leak:
    """A name that two parts share; `kind` is group, original, identity, source or face."""

    kind: str
    name: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} in {' and '.join(self.parts)}"


def find_leaks(split: Split, records: Sequence[ClipRecord]) -> list[Leak]:
    """Name every group, original, identity (and, split by source, source) in two parts."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for part, groups in _parts_of(split).items():
        for group in groups:
            seen["group", group].add(part)
    for record in records:
        parts = seen["group", group_key(record)]
        for key in _names(record, split.rule == "source"):
            seen[key] |= parts
    leaks = [
        Leak(kind, name, tuple(sorted(parts - {DROPPED})))
        for (kind, name), parts in seen.items()
        if len(parts - {DROPPED}) > 1
    ]
    return sorted(leaks, key=lambda leak: (leak.kind, leak.name))


def _parts_of(split: Split) -> dict[str, tuple[str, ...]]:
    parts = split.parts
    found = {TEST: parts.test, DROPPED: parts.dropped}
    if split.folds:
        return found | {f"fold {k}": groups for k, groups in enumerate(split.folds)}
    return found | {TRAIN: parts.train, VALIDATION: parts.validation}


def _names(record: ClipRecord, by_source: bool) -> Iterator[tuple[str, str]]:
    yield "original", f"{record.dataset}/{record.original or record.file}"
    if record.identity:
        yield "identity", record.identity
    if by_source:
        yield "source", record.source


def measure_nearest(
    split: Split, records: Sequence[ClipRecord], embeddings: Embeddings
) -> tuple[list[Nearest], list[Leak]]:
    """Measure how near the faces of two parts come.

    Args:
        split: a split.
        records: all clips.
        embeddings: float32, (N, 128), in the order of `records`; NaN where there is none.

    Returns:
        The smallest distance of each two parts, and as leaks the faces nearer than `LINK`.
    """
    part_of = {g: part for part, groups in _parts_of(split).items() for g in groups}
    part = np.array([part_of[group_key(record)] for record in records], dtype=object)
    part[np.isnan(embeddings).any(1)] = DROPPED
    distances, leaks = [], []
    for a, b in combinations(sorted(set(part) - {DROPPED}), 2):
        rows, others = np.flatnonzero(part == a), np.flatnonzero(part == b)
        distance, which = nearest(embeddings[rows], embeddings[others])
        distances.append(Nearest(f"{a}–{b}", round(float(distance.min()), 3)))
        for k in np.flatnonzero(distance < LINK):
            pair = f"{records[rows[k]].clip} ~ {records[others[which[k]]].clip}"
            leaks.append(Leak("face", f"{pair} ({distance[k]:.2f})", (a, b)))
    return distances, leaks


def check_split(split: Split, records: Sequence[ClipRecord], path: Path) -> None:
    """See that a split covers a store and does not leak.

    Args:
        split: what `path` holds.
        records: all clips.
        path: for messages.

    Raises:
        UsageError: a clip's group is in no part, or the split leaks.
    """
    covered = {group for groups in _parts_of(split).values() for group in groups}
    absent = [record for record in records if group_key(record) not in covered]
    if absent:
        raise UsageError(
            f"{path}: {len(absent):,} of {len(records):,} clips are in no part of this split, "
            f"such as {absent[0].clip}, group {group_key(absent[0])!r}: it was made of another "
            "store, or this one has grown. Make it anew"
        )
    refuse_leaks(find_leaks(split, records), path)


def refuse_leaks(leaks: Sequence[Leak], path: Path) -> None:
    """Raise if there are any.

    Raises:
        UsageError: the split leaks; the message names what is in two parts.
    """
    if leaks:
        told = "; ".join(str(leak) for leak in leaks[:SHOWN])
        more = f"; and {len(leaks) - SHOWN} more" if len(leaks) > SHOWN else ""
        raise UsageError(f"{path}: this split leaks: {told}{more}. Make it anew")
