"""What `facetell scan` takes; the defaults are those of `Options`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal

from facetell.cli.parser import Parser
from facetell.options import FRAME_CHOICES, RUNTIMES, Limits, Options

_DEFAULTS = Options()
_NUMBER = r"[0-9]+(\.[0-9]+)?"

_DESCRIPTION = """\
Tells for each video or picture whether the faces in it are real:

  fake          at least one face looks generated or altered
  real          no sign of that was found
  inconclusive  the score lies between the two thresholds, or the faces were
                seen too poorly to say real
  no_face       no face was large and clear enough to be scored
  error         the file could not be analysed; the reason stands under it

P(FAKE) is the estimated probability, from 0 to 1, that at least one face is
generated or altered. It is an estimate, not a proof.
"""

_EPILOG = """\
exit status:
    0  every input was analysed
    2  the command line makes no sense
    3  at least one input failed (the others are reported all the same),
       or the model or the runtime cannot be used
   10  --fail-on was given, and such a verdict came (whether or not other inputs failed)

examples:
  facetell scan clip.mp4
  facetell scan footage/ --output report
  facetell scan "archive/**/*.mov" --frames 100 --json > verdicts.jsonl
  find . -name "*.mp4" -print0 | facetell scan - --quiet --fail-on fake
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line, options and paths in any order; exits with 2 on a mistake."""
    return build_parser().parse_intermixed_args(arguments)


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of `facetell scan`."""
    parser = Parser(
        prog="facetell scan",
        usage="facetell scan [options] PATH...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="video or picture; folder, searched with all its folders; pattern such as "
        '"*.mp4" in quotes; or - to read a list of paths from standard input',
    )
    _add_analysis(parser)
    _add_results(parser)
    return parser


def add_frames(group: argparse._ActionsContainer) -> None:
    """Add --frames, which all commands that analyse videos share."""
    choices = ", ".join(map(str, FRAME_CHOICES))
    group.add_argument(
        "--frames",
        type=frames,
        default=_DEFAULTS.frames,
        metavar="N",
        help=f"how many frames to take, spread over the whole video: {choices} or any number, "
        "or all for every frame, which finds short fakes in long videos but takes its time "
        "(default: %(default)s)",
    )


def add_network(group: argparse._ActionsContainer) -> None:
    """Add --model and --runtime, likewise."""
    group.add_argument(
        "--model",
        default=_DEFAULTS.model,
        metavar="NAME",
        help="a model that `facetell models` lists, or the path of a model card, a .json file; "
        "several, joined by commas, judge together (default: %(default)s)",
    )
    group.add_argument(
        "--runtime",
        choices=RUNTIMES,
        default=_DEFAULTS.runtime,
        metavar="NAME",
        help="what runs the model: onnxruntime, or openvino, which must be installed "
        "(default: %(default)s)",
    )


def _add_analysis(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("analysis")
    add_frames(group)
    group.add_argument(
        "--start",
        type=time_s,
        metavar="TIME",
        help="analyse only what comes from here on, and spread the frames over it: seconds such as "
        "12.5, or minutes and seconds such as 1:02, or 1:30:00 with hours",
    )
    group.add_argument(
        "--end",
        type=time_s,
        metavar="TIME",
        help="analyse only what comes before this time",
    )
    group.add_argument(
        "--face",
        type=face,
        metavar="TIME,X,Y",
        help="judge only the face that is at this point of the frame, in pixels, at this time: "
        "1:02,412,96 for example",
    )
    group.add_argument(
        "--in-process",
        action="store_true",
        help="decode in this process: then nothing keeps a hostile file from harm (SECURITY.md)",
    )
    add_model(group)


def add_model(group: argparse._ActionsContainer) -> None:
    """Add what every command takes that analyses: model, runtime, limits, threads."""
    add_network(group)
    group.add_argument(
        "--limit",
        type=limit,
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="refuse files beyond this, before they are decoded; may be given several times. "
        + ", ".join(f"{f.name} ({f.default:.12g})" for f in fields(Limits)),
    )
    group.add_argument(
        "--threads",
        type=threads,
        default=_DEFAULTS.threads,
        metavar="N",
        help="processor threads to use, 0 for all cores (default: %(default)s)",
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("results")
    group.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object a line, in the order given, as each file is done",
    )
    group.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="also write report.html, report.json, timeline.csv and the faces into this folder; "
        "with several inputs into a folder each, with index.html and summary.csv over all",
    )
    group.add_argument(
        "--pdf",
        action="store_true",
        help="with --output: also write report.pdf, to print or to hand on; it must be installed",
    )
    group.add_argument(
        "--features",
        type=Path,
        metavar="FILE.npz",
        help="also write the model's features and scores of each frame, for research; with "
        "several inputs give a folder, which gets one file for each",
    )
    group.add_argument(
        "--fail-on",
        choices=("fake", "inconclusive"),
        metavar="LABEL",
        help="fake: end with status 10 if any verdict is fake; inconclusive: if any is "
        "inconclusive or fake",
    )
    loudness = group.add_mutually_exclusive_group()
    loudness.add_argument(
        "--quiet",
        "-q",
        action="store_true",
        help="print nothing but errors (and JSON with --json): the exit status tells",
    )
    loudness.add_argument(
        "--verbose",
        "-v",
        action="store_true",
        help="print the reasons and each face under its file",
    )


def frames(text: str) -> int | Literal["all"]:
    """Read --frames."""
    if text == "all":
        return "all"
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number from 1, or all")
    return int(text)


def time_s(text: str) -> float:
    """Read --start and --end: seconds, m:s or h:m:s.

    >>> time_s("12.5"), time_s("1:02"), time_s("1:30:00.5")
    (12.5, 62.0, 5400.5)
    """
    parts = text.split(":")
    good = len(parts) <= 3 and all(re.fullmatch(r"[0-9]+", part) for part in parts[:-1])
    if not (good and re.fullmatch(_NUMBER, parts[-1])) or any(
        float(part) >= 60 for part in parts[1:]
    ):
        raise argparse.ArgumentTypeError(f"{text!r}: give seconds such as 12.5, or 1:02 or 1:30:00")
    total_s = 0.0
    for part in parts:
        total_s = 60 * total_s + float(part)
    return total_s


def face(text: str) -> tuple[float, float, float]:
    """Read --face.

    >>> face("1:02,412,96.5")
    (62.0, 412.0, 96.5)
    """
    parts = text.split(",")
    if len(parts) != 3 or not all(re.fullmatch(_NUMBER, part) for part in parts[1:]):
        raise argparse.ArgumentTypeError(f"{text!r}: give time, x and y, such as 1:02,412,96")
    return time_s(parts[0]), float(parts[1]), float(parts[2])


def limit(text: str) -> tuple[str, float]:
    """Read one --limit.

    >>> limit("duration_s=7200")
    ('duration_s', 7200.0)
    """
    name, _, number = text.partition("=")
    known = [field.name for field in fields(Limits)]
    if name not in known or not re.fullmatch(_NUMBER, number) or float(number) == 0:
        raise argparse.ArgumentTypeError(
            f"{text!r}: give NAME=NUMBER, above 0; the names are {', '.join(known)}"
        )
    return name, float(number)


def threads(text: str) -> int:
    """Read --threads."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number, or 0 for all cores")
    return int(text)
