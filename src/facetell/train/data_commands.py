"""`facetell prepare`: parse, call, print."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from facetell.errors import UsageError
from facetell.train.face_clips import ClipSettings
from facetell.train.landmarks import find_landmarks
from facetell.train.layouts import LAYOUTS, Choices
from facetell.train.prepare import Request, prepare
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


def _prepare_parser() -> ArgumentParser:
    parser = ArgumentParser("facetell prepare", description="Make a store of face clips.")
    add = parser.add_argument
    add("source", type=Path, help="folder, tar or CSV of file,label")
    add("out", type=Path, help="folder of the store; a second source is added to it")
    add("--layout", default="", metavar="NAME", help=f"one of {', '.join(o.name for o in LAYOUTS)}")
    add("--name", default="", help="of the data set in the store; default: that of SOURCE")
    add("--label", choices=["real", "fake"], default="", help="every file is (or take only) these")
    add("--fake-is", default="", metavar="VALUE", help="the label in the CSV that means fake")
    add("--allow-missing", action="store_true", help="leave out labels whose file is not there")
    add("--only", action="append", default=[], metavar="PATTERN", help="take only such files")
    add("--exclude", type=Path, metavar="CSV", help="files or originals to leave out, one a line")
    add("--frames", type=int, default=DEFAULTS.frames, help="of a clip, at most (default 32)")
    add("--clips", type=int, default=DEFAULTS.clips, help="of a video and face (default 1)")
    add("--faces", type=int, default=DEFAULTS.faces, help="of a video (default 1)")
    add("--crops", default="measure", metavar="MARGIN", help="the files are crops of that margin")
    add("--landmarks", nargs="?", const="", metavar="FILE", help="store landmarks of the reals")
    add("--workers", type=int, default=_cores(), metavar="N", help="processes (default: cores)")
    return parser


def _request(chosen: Namespace) -> Request:
    if chosen.workers < 1:
        raise UsageError(f"--workers {chosen.workers}: give at least 1")
    margin = _crop_margin(chosen.crops)
    landmarks = None if chosen.landmarks is None else Path(chosen.landmarks or find_landmarks())
    return Request(
        source=chosen.source,
        out=chosen.out,
        choices=Choices(chosen.fake_is, chosen.label, chosen.allow_missing),
        settings=ClipSettings(chosen.frames, chosen.clips, chosen.faces, crop_margin=margin or 0.0),
        layout=chosen.layout,
        name=chosen.name,
        only=tuple(chosen.only),
        exclude=chosen.exclude,
        measure_crops=margin is None,
        landmarks=landmarks,
        workers=chosen.workers,
    )


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
