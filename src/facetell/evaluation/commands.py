"""`facetell evaluate`: parse, call, print."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from facetell import ensemble
from facetell.errors import UsageError
from facetell.evaluation.answers import Outcome, Trial
from facetell.evaluation.degradations import DEGRADATIONS
from facetell.evaluation.results import PAGE, write_results
from facetell.evaluation.summary import Row, Summary, row_of, summarise
from facetell.evaluation.trials import run_trials
from facetell.options import FRAME_CHOICES, RUNTIMES, Frames, Options
from facetell.train.layouts import LAYOUTS, Choices, Media, Tree, check_classes, read_source
from facetell.wording import printable

_DEFAULTS = Options()
FIRST = ("video_auc", "video_auc_by_source", "frame_auc", "equal_error_rate", "accuracy of decided",
         "real called fake", "fake called fake", "called inconclusive", "calibration_error",
         "calibration_error by chance")  # fmt: skip
"""What is printed; the folder gets all."""


def evaluate_main(arguments: list[str]) -> int:
    """Answer `facetell evaluate`."""
    chosen = _parser().parse_args(arguments)
    data = read_data(chosen)
    with ExitStack() as stack:
        out = chosen.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        summary, outcomes = evaluate(data, chosen, out)
        for line in told(summary):
            print(line)
        if chosen.out:
            write_results(summary, outcomes, out)
            print(f"report: {out / PAGE}")
    return 0


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
    add("--fake-is", default="", metavar="VALUE", help="the label in the CSV that means fake")
    add("--allow-missing", action="store_true", help="leave out labels whose file is not there")
    add("--runtime", choices=RUNTIMES, default=_DEFAULTS.runtime, metavar="NAME",
        help="what runs the model (default: %(default)s)")  # fmt: skip
    add("--workers", type=int, default=2, metavar="N",
        help="processes, one thread each (default: %(default)s)")  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="facetell evaluate",
        allow_abbrev=False,
        description="Measures a model on labelled videos and pictures, through the same pipeline "
        "that `facetell scan` uses. A run that was stopped goes on where it was, with --out.",
    )
    add_data(parser)
    add = parser.add_argument
    add("--model", default=_DEFAULTS.model, metavar="NAME",
        help="name or card; several, joined by commas, judge together")  # fmt: skip
    choices = " ".join(map(str, FRAME_CHOICES))
    add("--frames", type=_frames, nargs="+", default=[_DEFAULTS.frames], metavar="N",
        help=f"frames of each video; several, such as {choices}, are set side by side, and the "
        "first is the one that the rest of the report is about (default: 32)")  # fmt: skip
    add("--robustness", action="store_true",
        help=f"also degrade every file in {len(DEGRADATIONS)} ways and judge it again")  # fmt: skip
    add("--out", type=Path, metavar="DIR",
        help="keep answers here, and write report.html, summary.json and CSV")  # fmt: skip
    return parser


def _frames(word: str) -> Frames:
    if word != "all" and not word.isdecimal():
        raise argparse.ArgumentTypeError(f"{word!r}: give whole numbers from 1, or all")
    return "all" if word == "all" else int(word)


def read_data(chosen: argparse.Namespace) -> Data:
    """List the labelled media that `add_data`'s arguments name.

    Raises:
        UsageError: there is none, or a class is missing.
    """
    if chosen.workers < 1:
        raise UsageError(f"--workers {chosen.workers}: give at least 1")
    choices = Choices(chosen.fake_is, allow_missing=chosen.allow_missing)
    _, tree, listing = read_source(chosen.data, choices, chosen.layout)
    media = tuple(m for m in listing.media if chosen.part in ("", m.part))
    where = f"{chosen.data}, part {chosen.part}" if chosen.part else str(chosen.data)
    if not media:
        parts = sorted({m.part for m in listing.media if m.part}) or ["none"]
        raise UsageError(f"{where}: no media of this part; it has {', '.join(parts)}")
    check_classes(media, where)
    name = chosen.data.resolve().name
    return Data(media, tree, f"{name}, {chosen.part}" if chosen.part else name)


def evaluate(data: Data, chosen: argparse.Namespace, out: Path) -> tuple[Summary, list[Outcome]]:
    """Run all trials that were asked for and sum them up."""
    card = ensemble.find(chosen.model)
    options = Options(frames=chosen.frames[0], model=chosen.model, runtime=chosen.runtime)
    first = Trial(options)
    others = [Trial(replace(options, frames=count)) for count in dict.fromkeys(chosen.frames)]
    spoilt = [Trial(options, d.name) for d in DEGRADATIONS] if chosen.robustness else []
    found = run_trials(data.media, data.tree, [*others, *spoilt], out, chosen.workers)
    by_frames = [row_of(str(t.frames), found[t]) for t in others] if len(others) > 1 else []
    robustness = [row_of("as they are", found[first])] if spoilt else []
    robustness += [row_of(trial.degradation, found[trial]) for trial in spoilt]
    summary = summarise(found[first], card, first, data.named, by_frames, robustness)
    return summary, found[first]


def told(summary: Summary) -> list[str]:
    """Return a summary as lines for people."""
    name = f"{summary.model.name} {summary.model.version}"
    counts = f"{summary.reals} real, {summary.fakes} fake, {summary.sources} sources"
    over = f"95 % intervals over {summary.interval_by}s"
    lines = [f"{printable(name)} on {printable(summary.data)}: {counts}; {over}"]
    kinds = [m.name for m in summary.metrics if m.name.startswith("video_auc ")]
    for wanted in (*FIRST, *kinds):
        if metric := summary.metric(wanted):
            ends = "" if metric.low is None else f"  {metric.low:.3f} to {metric.high:.3f}"
            lines.append(f"  {metric.name:<36} {metric.value:.3f}{ends}  of {metric.n}")
    lost = {k: sum(row[k] for row in summary.confusion.values()) for k in ("no_face", "error")}
    lines += [f"  {count} files: {label}" for label, count in lost.items() if count]
    for noun, rows in (("frames", summary.by_frames), ("degradation", summary.robustness)):
        lines += _table(noun, rows)
    return lines


def _table(noun: str, rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    head = f"{noun:<26} files    AUC  interval      accuracy  reals called fake  seconds"
    return ["", head] + [
        f"{row.name:<26} {row.files:>5}  {row.auc:.3f}  {row.low:.3f}-{row.high:.3f}  "
        f"{row.accuracy:>9.3f}  {row.false_positives:>17.3f}  {row.seconds:>7.2f}"
        for row in rows
    ]
