"""The index of a store → what batches draw from: originals of fakes, clips by source and method."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facetell.errors import UsageError
from facetell.train.config import Mix
from facetell.train.store import AUTOENCODED, SYNTHETIC, ClipRecord

Grouped = Mapping[str, Sequence[ClipRecord]]


@dataclass(frozen=True, slots=True)
class Pools:
    """What each kind of group draws from; `by_source` and `by_method` are groups of records.

    Attributes:
        reals: by source.
        real_clips: those of two frames or more, by source.
        marked: reals with landmarks, by source.
        marked_clips: those of two frames or more, by source.
        fakes: by method; without the decoded ones.
        fake_clips: those of two frames or more, by method.
        paired: fakes whose original is there, by method; without the decoded ones.
        twins: fake clips whose original clip is there, by method.
        decoded: what autoencoders made of reals that are there.
        synthetic: wholly synthetic faces, by method.
        originals: the reals that each fake (by its name) was made from.
    """

    reals: Grouped
    real_clips: Grouped
    marked: Grouped
    marked_clips: Grouped
    fakes: Grouped
    fake_clips: Grouped
    paired: Grouped
    twins: Grouped
    decoded: Grouped
    synthetic: Grouped
    originals: Mapping[str, Sequence[ClipRecord]]


def make_pools(records: Sequence[ClipRecord]) -> Pools:
    """Sort the records of one part by what can be drawn of them."""
    reals = [r for r in records if not r.is_fake]
    fakes = [r for r in records if r.is_fake and r.manipulation != AUTOENCODED]
    decoded = [r for r in records if r.is_fake and r.manipulation == AUTOENCODED]
    originals = find_originals(records)
    twins = [r for r in fakes if r.frames > 1 and any(o.frames > 1 for o in originals[r.clip])]
    return Pools(
        reals=by_source(reals),
        real_clips=by_source([r for r in reals if r.frames > 1]),
        marked=by_source([r for r in reals if r.has_points]),
        marked_clips=by_source([r for r in reals if r.has_points and r.frames > 1]),
        fakes=by_method(fakes),
        fake_clips=by_method([r for r in fakes if r.frames > 1]),
        paired=by_method([r for r in fakes if originals[r.clip]]),
        twins=by_method(twins),
        decoded=by_source([r for r in decoded if originals[r.clip]]),
        synthetic=by_method([r for r in fakes if r.manipulation == SYNTHETIC]),
        originals=originals,
    )


def find_originals(records: Sequence[ClipRecord]) -> dict[str, list[ClipRecord]]:
    """Return for each fake the reals that it was made from, the same face of the video first.

    Where the data set names no original, these are the real clips of the fake clip's group.
    """
    by_file: dict[tuple[str, str], list[ClipRecord]] = defaultdict(list)
    by_group: dict[tuple[str, str], list[ClipRecord]] = defaultdict(list)
    for record in records:
        if not record.is_fake:
            by_file[record.dataset, record.file].append(record)
            if record.frames > 1:
                by_group[record.dataset, record.group].append(record)
    found: dict[str, list[ClipRecord]] = {}
    for fake in records:
        if fake.is_fake:
            related = by_file.get((fake.dataset, fake.original), [])
            if not fake.original and fake.group and fake.frames > 1:
                related = by_group.get((fake.dataset, fake.group), [])
            same_face = [r for r in related if r.track == fake.track]
            found[fake.clip] = same_face or related
    return found


def check_mix(mix: Mix, pools: Pools) -> None:
    """Make sure that each kind of group that the mix asks for can be drawn.

    Raises:
        UsageError: the store's training part has nothing for one of them; the message says what
            is missing.
    """
    needs: dict[str, tuple[tuple[Grouped, str], ...]] = {
        "pairs": ((pools.paired, "fakes with their original"),),
        "stills": ((pools.fakes, "fakes"), (pools.reals, "reals")),
        "blended": ((pools.marked, "reals with landmarks"),),
        "decoded": ((pools.decoded, "decoded fakes with their original"),),
        "synthetic": ((pools.synthetic, "synthetic fakes"), (pools.reals, "reals")),
        "twins": ((pools.twins, "fake clips with their original clip"),),
        "clips": ((pools.fake_clips, "fake clips"), (pools.real_clips, "real clips")),
        "blended_clips": ((pools.marked_clips, "real clips with landmarks"),),
    }
    for kind, sources in needs.items():
        count = getattr(mix, kind)
        missing = [what for groups, what in sources if not groups]
        if count and missing:
            raise UsageError(
                f"mix.{kind} is {count}, but there are no {' and no '.join(missing)} to train on: "
                "set it to 0, or prepare (and split) data that has some"
            )


def by_source(records: Sequence[ClipRecord]) -> Grouped:
    """Group records by where they come from."""
    return _grouped(records, lambda record: record.source)


def by_method(records: Sequence[ClipRecord]) -> Grouped:
    """Group fakes by the tool that made them; the models of one tool are one method."""
    return _grouped(records, lambda r: r.method.split(" (")[0] or r.manipulation or r.source)


def draw(groups: Grouped, rng: np.random.Generator) -> ClipRecord:
    """Draw a group, the more often the larger (by its square root), then one of its clips.

    So that neither a large source rules nor a tiny one is seen over and over.
    """
    names = sorted(groups)
    odds = np.sqrt([len(groups[name]) for name in names])
    records = groups[names[rng.choice(len(names), p=odds / odds.sum())]]
    return records[int(rng.integers(len(records)))]


def _grouped(records: Sequence[ClipRecord], key: Callable[[ClipRecord], str]) -> Grouped:
    groups: dict[str, list[ClipRecord]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return dict(groups)
