"""`facetell evaluate`, `compare` and `calibrate`: parse, call, print."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from facetell import ensemble
from facetell.ensemble import EnsembleCard
from facetell.errors import UsageError
from facetell.evaluation.answers import Outcome, Trial
from facetell.evaluation.blends import make_blends
from facetell.evaluation.card import (
    card_metrics,
    check_calibratable,
    cross_fitted,
    fit,
    recalibrated,
    write_card,
)
from facetell.evaluation.comparison import compare
from facetell.evaluation.comparison import told as comparison_told
from facetell.evaluation.data import Data, add_data, read_data
from facetell.evaluation.degradations import BY_NAME, DEGRADATIONS
from facetell.evaluation.heatmaps import Looks, check_heatmaps
from facetell.evaluation.heatmaps import told as heatmaps_told
from facetell.evaluation.results import PAGE, finite, read_outcomes, write_results
from facetell.evaluation.summary import Row, Summary, Tables, row_of, summarise
from facetell.evaluation.trials import run_trials
from facetell.options import FRAME_CHOICES, Frames, Options
from facetell.train.calibrate import Aims
from facetell.train.layouts.table import TRAITS
from facetell.weights import ModelCard
from facetell.wording import counted, printable

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
        if chosen.into_card:
            _write_metrics(chosen, outcomes)
    return 0


def _write_metrics(chosen: argparse.Namespace, outcomes: Sequence[Outcome]) -> None:
    card = ensemble.find(chosen.model)
    if isinstance(card, EnsembleCard):
        raise UsageError(f"--into-card: {card.name} is an ensemble and has no card of its own")
    write_card(card.path, card_metrics(outcomes, None, chosen.into_card), chosen.into_card)
    print(f"{card.path}: numbers on {chosen.into_card} written")


def compare_main(arguments: list[str]) -> int:
    """Answer `facetell compare`."""
    parser = argparse.ArgumentParser(
        prog="facetell compare",
        allow_abbrev=False,
        description="Puts two evaluations of the same files side by side: the difference of each "
        "measure with its interval, and the files that are called something else.",
    )
    parser.add_argument("first", type=Path, metavar="A", help="a folder of facetell evaluate --out")
    parser.add_argument("second", type=Path, metavar="B", help="another, of the same files")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    chosen = parser.parse_args(arguments)
    comparison = compare(read_outcomes(chosen.first), read_outcomes(chosen.second))
    if chosen.json:
        print(json.dumps(finite(asdict(comparison))))
    else:
        print("\n".join(printable(line) for line in comparison_told(comparison)))
    return 0


def calibrate_main(arguments: list[str]) -> int:
    """Answer `facetell calibrate`."""
    chosen = _calibrate_parser().parse_args(arguments)
    data = read_data(chosen)
    card = ensemble.find(chosen.model)
    check_calibratable(card, {media.part for media in data.media})
    trial = Trial(Options(frames=chosen.frames, model=chosen.model, runtime=chosen.runtime))
    with ExitStack() as stack:
        out = chosen.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        outcomes = run_trials(data.media, data.tree, [trial], out, chosen.workers)[trial]
    aims = Aims(chosen.false_alarms, chosen.misses)
    fitted = fit(outcomes, card, aims)
    held_out = cross_fitted(outcomes, card, aims, chosen.folds) if chosen.folds else None
    on = chosen.on or data.named
    metrics = card_metrics(recalibrated(outcomes, card, fitted), held_out, on)
    print(f"{card.path}: {fitted.calibration}, {fitted.thresholds}")
    print("\n".join(f"  {m.name:<36} {m.value:.3f}  of {m.n} {printable(m.on)}" for m in metrics))
    if held_out is None:
        print("the error rates are of the very files that were fitted: expect worse; give --folds")
    if chosen.dry_run:
        return 0
    write_card(card.path, metrics, on, fitted)
    print(f"{card.path} written")
    return 0


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
    add("--degradation", action="append", default=[], choices=list(BY_NAME), metavar="NAME",
        help="degrade in this way alone; may be given several times")  # fmt: skip
    add("--slice-by", action="append", default=[], metavar="COLUMN",
        help="also part by part of this column of the table; may be given several times; "
        f"{', '.join(TRAITS)} need not be named")  # fmt: skip
    add("--heatmaps", action="store_true",
        help="also check heat maps on self-blended clips, made of the real files")  # fmt: skip
    add("--into-card", default="", metavar="WORDS",
        help="write the numbers into the model's card, measured on WORDS")  # fmt: skip
    add("--out", type=Path, metavar="DIR",
        help="keep answers here, and write report.html, summary.json and CSV")  # fmt: skip
    return parser


def _frames(word: str) -> Frames:
    if word != "all" and not word.isdecimal():
        raise argparse.ArgumentTypeError(f"{word!r}: give whole numbers from 1, or all")
    return "all" if word == "all" else int(word)


def _calibrate_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="facetell calibrate",
        allow_abbrev=False,
        description="Fits calibration and thresholds of a model's card to labelled media that it "
        "was not trained on, and writes them and the numbers measured there into the card.",
    )
    add_data(parser)
    add, aims = parser.add_argument, Aims()
    add("--model", required=True, metavar="NAME", help="name or path of the card to be written")
    add("--frames", type=_frames, default=_DEFAULTS.frames, metavar="N", help="default: 32")
    add("--false-alarms", type=_share, default=aims.false_alarms, metavar="SHARE",
        help="of the reals that may be called fake (default: %(default)s)")  # fmt: skip
    add("--misses", type=_share, default=aims.misses, metavar="SHARE",
        help="of the fakes that may be called real (default: %(default)s)")  # fmt: skip
    add("--folds", type=int, default=5, metavar="N", help="measure error rates on sources that the "
        "fit did not see, in so many parts; 0 for none (default: %(default)s)")  # fmt: skip
    add("--on", default="", metavar="WORDS", help="what the card calls these files")
    add("--out", type=Path, metavar="DIR", help="keep answers here, so that a killed run goes on")
    add("--dry-run", action="store_true", help="print, and leave the card as it is")
    return parser


def _share(word: str) -> float:
    value = float(word)  # argparse turns its ValueError into a message
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{word}: give a share from 0 to 1")
    return value


def evaluate(data: Data, chosen: argparse.Namespace, out: Path) -> tuple[Summary, list[Outcome]]:
    """Run all trials that were asked for and sum them up."""
    card = ensemble.find(chosen.model)
    options = Options(frames=chosen.frames[0], model=chosen.model, runtime=chosen.runtime)
    first = Trial(options)
    others = [Trial(replace(options, frames=count)) for count in dict.fromkeys(chosen.frames)]
    spoilt = [Trial(options, name) for name in _degradations(chosen)]
    found = run_trials(data.media, data.tree, [*others, *spoilt], out, chosen.workers)
    by_frames = [row_of(str(t.frames), found[t]) for t in others] if len(others) > 1 else []
    copies = found[spoilt[0]] if spoilt else []
    robustness = [row_of("as they are", found[first], copies)] if spoilt else []
    robustness += [row_of(trial.degradation, found[trial], copies) for trial in spoilt]
    looks = _heatmaps(data, card) if chosen.heatmaps else ()
    tables = Tables(tuple(by_frames), tuple(robustness), tuple(looks))
    return summarise(found[first], card, first, data.named, tables), found[first]


def _degradations(chosen: argparse.Namespace) -> list[str]:
    """Name what is done to the files; lossless copies come first, what all else is set against."""
    if chosen.robustness:
        return list(BY_NAME)
    copied = DEGRADATIONS[0].name
    return [n for n in BY_NAME if n in (copied, *chosen.degradation)] if chosen.degradation else []


def _heatmaps(data: Data, card: ModelCard) -> list[Looks]:
    blends = make_blends(data.media, data.tree, card.sampling.burst_frames, clips=2, again=2)
    return check_heatmaps(blends, card)


def told(summary: Summary) -> list[str]:
    """Return a summary as lines for people."""
    name = f"{summary.model.name} {summary.model.version}"
    sources = counted(summary.sources, "source")
    counts = f"{summary.reals} real, {summary.fakes} fake, {sources}"
    over = f"95 % intervals over {summary.interval_by}s"
    lines = [f"{printable(name)} on {printable(summary.data)}: {counts}; {over}"]
    kinds = [m.name for m in summary.metrics if m.name.startswith("video_auc ")]
    for wanted in (*FIRST, *kinds):
        if metric := summary.metric(wanted):
            ends = "" if metric.low is None else f"  {metric.low:.3f} to {metric.high:.3f}"
            lines.append(f"  {metric.name:<36} {metric.value:.3f}{ends}  of {metric.n}")
    lost = {k: sum(row[k] for row in summary.confusion.values()) for k in ("no_face", "error")}
    lines += [
        f"  {counted(count, 'file')}: {label.replace('_', ' ')}"
        for label, count in lost.items()
        if count
    ]
    for noun, rows in (("frames", summary.by_frames), ("degradation", summary.robustness)):
        lines += _table(noun, rows)
    return [*lines, "", *heatmaps_told(summary.heatmaps)] if summary.heatmaps else lines


def _table(noun: str, rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    head = f"{noun:<26} files    AUC  interval      accuracy  reals called fake  seconds"
    if any(row.moved for row in rows):
        head += "  p(fake) of reals  of fakes  called else"
    return ["", head] + [
        f"{row.name:<26} {row.files:>5}  {row.auc:.3f}  {row.low:.3f}-{row.high:.3f}  "
        f"{row.accuracy:>9.3f}  {row.false_positives:>17.3f}  {row.seconds:>7.2f}{_moved(row)}"
        for row in rows
    ]


def _moved(row: Row) -> str:
    if row.moved is None:
        return ""
    moved = row.moved
    return f"  {moved.reals:>+16.3f}  {moved.fakes:>+8.3f}  {moved.called_else:>11.3f}"
