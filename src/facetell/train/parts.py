"""Which clips of a store a run may train on, and which ones tell how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facetell.errors import UsageError
from facetell.train.store import ClipRecord, Store

TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True, slots=True)
class Parts:
    """The clips of training and of validation; test clips are in neither."""

    train: Sequence[ClipRecord]
    validation: Sequence[ClipRecord]


def read_parts(store: Store) -> Parts:
    """Sort a store's clips by the parts that its data sets name; clips without one are to train on.

    Raises:
        UsageError: there is nothing to train on, or a class is missing in validation.
    """
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
