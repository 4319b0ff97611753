"""`facetell split`: parse, call, print."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from facetell.errors import UsageError
from facetell.train.faces_alike import GAP, LINK, Embeddings, pairs_within
from facetell.train.identity import (
    CACHE,
    FaceEmbedder,
    embed_store,
    find_recognition_models,
    name_people,
)
from facetell.train.leaks import check_split, find_leaks, measure_nearest, refuse_leaks
from facetell.train.split import (
    RULES,
    Plan,
    Split,
    group_key,
    make_split,
    read_split,
    write_split,
)
from facetell.train.store import Store, fill_identities
from facetell.wording import counted

DEFAULTS = Plan()


def main(arguments: list[str]) -> int:
    """Answer `facetell split`."""
    chosen = _parser().parse_args(arguments)
    if bool(chosen.out) == bool(chosen.check):
        raise UsageError("give --out FILE to make a split, or --check FILE to check one")
    if chosen.check:
        return _check(Store(chosen.store), chosen)
    plan = Plan(
        chosen.by,
        chosen.validation,
        chosen.test,
        chosen.folds,
        tuple(chosen.hold_out),
        chosen.seed,
    )
    store, near, embeddings = Store(chosen.store), [], None
    if plan.rule == "person":
        embeddings = _embeddings(store, chosen.recognition)
        fill_identities(store.root, name_people(store, embeddings))
        store = Store(chosen.store)
        near = [(a, b) for a, b in pairs_within(embeddings, GAP).tolist()]
    split = make_split(store.records, plan, near)
    refuse_leaks(find_leaks(split, store.records), chosen.store)
    if embeddings is not None:
        distances, leaks = measure_nearest(split, store.records, embeddings)
        refuse_leaks(leaks, chosen.store)
        split = replace(split, nearest=tuple(distances))
    write_split(split, chosen.out)
    _print_split(split, store, chosen.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "facetell split",
        allow_abbrev=False,
        description="Divide a store of face clips into parts that share no group, original or "
        "person (or source), or check that such a division does not leak.",
    )
    add = parser.add_argument
    add("store", type=Path, help="folder that facetell prepare made")
    add("--out", type=Path, metavar="FILE", help="the split.json to write")
    add("--check", type=Path, metavar="FILE", help="check this split.json instead")
    add("--by", choices=RULES, default=DEFAULTS.rule, help="what no two parts may share")
    add("--validation", type=float, default=DEFAULTS.validation, metavar="SHARE")
    add("--test", type=float, default=DEFAULTS.test, metavar="SHARE")
    add("--folds", type=int, default=DEFAULTS.folds, metavar="N", help="folds instead of a part")
    add("--hold-out", action="append", default=[], metavar="SOURCE", help="for test, whole")
    add("--seed", type=int, default=DEFAULTS.seed)
    add("--recognition", type=Path, metavar="DIR", help="folder of dlib's two .dat files")
    return parser


def _embeddings(store: Store, models: Path | None) -> Embeddings:
    return embed_store(
        store, lambda: FaceEmbedder(models or find_recognition_models()), _show_progress
    )


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\rlooking at faces: {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)


def _check(store: Store, chosen: argparse.Namespace) -> int:
    split = read_split(chosen.check)
    check_split(split, store.records, chosen.check)
    measured = split.rule == "person" or chosen.recognition or (store.root / CACHE).is_file()
    if measured:
        embeddings = _embeddings(store, chosen.recognition)
        distances, leaks = measure_nearest(split, store.records, embeddings)
        if split.rule == "person":
            refuse_leaks(leaks, chosen.check)
        split = replace(split, nearest=tuple(distances))
        for leak in leaks[:5]:
            print(f"warning: like one person: {leak}")
    _print_split(split, store, chosen.check)
    print("no group, original or known person is in two parts")
    return 0


def _print_split(split: Split, store: Store, path: Path) -> None:
    print(f"{path}: by {split.rule}, seed {split.seed}")
    part_of = split.part_of_group()
    for k, groups in enumerate(split.folds):
        part_of |= dict.fromkeys(groups, f"fold {k}")
    counts = Counter((part_of[group_key(r)], r.is_fake) for r in store.records)
    for part in sorted({part for part, _ in counts}):
        real, fake = counts[part, False], counts[part, True]
        print(f"  {part:<12}{counted(real + fake, 'clip')}: {real:,} real, {fake:,} fake")
    for near in split.nearest:
        print(f"  nearest faces of {near.parts}: {near.distance:.2f} (one person: below {LINK})")
