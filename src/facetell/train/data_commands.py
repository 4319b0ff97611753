"""`facetell prepare`, `facetell dataset` and `facetell autoencode`: parse, call, print."""

from __future__ import annotations

import csv
import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from facetell.errors import OutputError, UsageError
from facetell.train.face_clips import ClipSettings
from facetell.train.inventory import leave_out, take_inventory
from facetell.train.inventory_report import inventory_record, store_record, text_of
from facetell.train.landmarks import find_landmarks
from facetell.train.layouts import LAYOUTS, Choices, read_source
from facetell.train.prepare import Request, prepare
from facetell.train.store import INDEX, Store
from facetell.wording import counted

DEFAULTS = ClipSettings()


def prepare_main(arguments: list[str]) -> int:
    """Answer `facetell prepare`."""
    chosen = _prepare_parser().parse_args(arguments)
    done = prepare(_request(chosen), print)
    if done.done_before:
        print(f"{counted(done.done_before, 'file')} finished before")
    print(
        f"{chosen.out}: {counted(done.clips, 'clip')} of {counted(done.prepared, 'file')} added, "
        f"{done.skipped:,} skipped (see skipped.csv)"
    )
    return 0


def dataset_main(arguments: list[str]) -> int:
    """Answer `facetell dataset`."""
    chosen = _dataset_parser().parse_args(arguments)
    if (chosen.source / INDEX).is_file():
        record = store_record(Store(chosen.source))
    else:
        layout, tree, listing = read_source(chosen.source, _choices(chosen), chosen.layout)
        if not chosen.json:
            print(f"{chosen.source}: layout {layout.name}")
        inventory = take_inventory(tree, listing, _workers(chosen))
        record = inventory_record(inventory)
        if chosen.leave_out is not None:
            _write_left_out(chosen.leave_out, leave_out(inventory, chosen.balance))
    print(json.dumps(record) if chosen.json else text_of(record))
    return 0


def autoencode_main(arguments: list[str]) -> int:
    """Answer `facetell autoencode`."""
    from facetell.train.autoencode import autoencode  # torch, which the others do without

    parser = ArgumentParser("facetell autoencode", description="Add fakes made of a store's reals.")
    parser.add_argument("store", type=Path, help="folder that facetell prepare made")
    parser.add_argument("--clips", type=int, default=1000, help="reals to draw (default 1000)")
    parser.add_argument("--frames", type=int, default=5, help="of each fake (default 5)")
    parser.add_argument("--seed", type=int, default=0, help="of all draws (default 0)")
    chosen = parser.parse_args(arguments)
    if min(chosen.clips, chosen.frames) < 1 or chosen.seed < 0:
        raise UsageError("--clips and --frames must be at least 1, --seed at least 0")
    added = autoencode(chosen.store, chosen.clips, chosen.frames, chosen.seed)
    print(f"{chosen.store}: {counted(added, 'clip')} added")
    return 0


def _dataset_parser() -> ArgumentParser:
    parser = ArgumentParser("facetell dataset", description="Count a data set or a store.")
    parser.add_argument("source", type=Path, help="folder, tar, CSV of file,label, or a store")
    _add_source_options(parser)
    add = parser.add_argument
    add("--json", action="store_true", help="print one JSON object")
    add("--leave-out", type=Path, metavar="CSV", help="write what prepare had better --exclude")
    add("--balance", action="store_true", help="leave out of the larger class until both are even")
    return parser


def _write_left_out(path: Path, left_out: Mapping[str, str]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "reason"])
            writer.writerows(left_out.items())
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error


def _prepare_parser() -> ArgumentParser:
    parser = ArgumentParser("facetell prepare", description="Make a store of face clips.")
    add = parser.add_argument
    add("source", type=Path, help="folder, tar or CSV of file,label")
    add("out", type=Path, help="folder of the store; a second source is added to it")
    _add_source_options(parser)
    add("--name", default="", help="of the data set in the store; default: that of SOURCE")
    add("--only", action="append", default=[], metavar="PATTERN", help="take only such files")
    add("--exclude", type=Path, metavar="CSV", help="files or originals to leave out, one a line")
    add("--frames", type=int, default=DEFAULTS.frames, help="of a clip, at most (default 32)")
    add("--clips", type=int, default=DEFAULTS.clips, help="of a video and face (default 1)")
    add("--faces", type=int, default=DEFAULTS.faces, help="of a video (default 1)")
    add("--crops", default="measure", metavar="MARGIN", help="the files are crops of that margin")
    add("--landmarks", nargs="?", const="", metavar="FILE", help="store landmarks of the reals")
    return parser


def _add_source_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--layout", default="", metavar="NAME", help=f"one of {', '.join(o.name for o in LAYOUTS)}")
    add("--label", choices=["real", "fake"], default="", help="every file is (or take only) these")
    add("--fake-is", default="", metavar="VALUE", help="the label in the CSV that means fake")
    add("--allow-missing", action="store_true", help="leave out labels whose file is not there")
    add("--manipulation", default="", metavar="WORD", help="of fakes whose data set tells none")
    add("--method", default="", metavar="WORD", help="likewise, the tool that made them")
    add("--workers", type=int, default=_cores(), metavar="N", help="processes (default: cores)")


def _request(chosen: Namespace) -> Request:
    margin = _crop_margin(chosen.crops)
    landmarks = None if chosen.landmarks is None else Path(chosen.landmarks or find_landmarks())
    return Request(
        source=chosen.source,
        out=chosen.out,
        choices=_choices(chosen),
        settings=ClipSettings(chosen.frames, chosen.clips, chosen.faces, crop_margin=margin or 0.0),
        layout=chosen.layout,
        name=chosen.name,
        only=tuple(chosen.only),
        exclude=chosen.exclude,
        measure_crops=margin is None,
        landmarks=landmarks,
        workers=_workers(chosen),
    )


def _choices(chosen: Namespace) -> Choices:
    words = (chosen.manipulation, chosen.method)
    return Choices(chosen.fake_is, chosen.label, chosen.allow_missing, *words)


def _workers(chosen: Namespace) -> int:
    if chosen.workers < 1:
        raise UsageError(f"--workers {chosen.workers}: give at least 1")
    return int(chosen.workers)


def _crop_margin(word: str) -> float | None:
    """Return the margin of ready crops, 0 for media that are none, None to measure it."""
    if word in ("measure", "no"):
        return None if word == "measure" else 0.0
    try:
        return float(word)
    except ValueError as error:
        raise UsageError(f"--crops {word}: give a margin such as 1.05, or no") from error


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
