"""What `facetell batch` takes; the defaults of an analysis are those of `Options`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from facetell.cli.parser import Parser
from facetell.cli.scan_arguments import add_frames, add_network

_DESCRIPTION = """\
Analyses any number of videos and pictures, as many at a time as there are
cores, and writes a row for each into Parquet files. Stopped or killed at any
moment, the same command goes on where it was: no video is done twice, none is
left out. A video that cannot be analysed is a row with its error.
"""

_EPILOG = """\
exit status:
    0  every video was analysed
    2  the command line makes no sense, or the folder holds other results
    3  at least one video failed, or the source, the model or Ray cannot be used
  130  stopped with Ctrl-C

examples:
  facetell batch footage/ --out results
  facetell batch videos.csv --column uri --out results --limit 100
  facetell batch s3://bucket/uploads/ --out results
  facetell batch s3://bucket/uploads/ --out results --engine ray --address auto
  facetell batch list.txt --out results --shard $SLURM_ARRAY_TASK_ID/8
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; exits with 2 on a mistake."""
    return build_parser().parse_args(arguments)


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of `facetell batch`."""
    parser = Parser(
        prog="facetell batch",
        usage="facetell batch [options] INPUT --out DIR",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        help="a folder; a list of paths or addresses (.txt, .list, or - for standard input); "
        "a table (.csv, .parquet) with a column of them; or a prefix such as s3://bucket/videos/, "
        "gs://, az:// or https://",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument(
        "--column", metavar="NAME", help="of a table: the column that names the videos"
    )
    analysis = parser.add_argument_group("analysis")
    add_frames(analysis)
    add_network(analysis)
    _add_engine(parser)
    _add_work(parser)
    return parser


def _add_engine(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("engine")
    group.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        metavar="NAME",
        help="local: processes of this machine; ray: a Ray cluster, which must be installed "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="videos at a time, each on one core (default: one a core; twice as many for "
        "addresses, which are copied meanwhile; with Ray as many as the cluster has cores)",
    )
    group.add_argument(
        "--address",
        metavar="ADDRESS",
        help="of a running Ray cluster, such as auto or 10.0.0.1:6379 (default: start one here)",
    )


def _add_work(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("work")
    group.add_argument(
        "--retries",
        type=_number,
        default=2,
        metavar="N",
        help="how often a video is tried again whose worker was killed (default: %(default)s)",
    )
    group.add_argument(
        "--timeout",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="end a worker whose video takes longer, which counts as killed "
        "(default: wait for ever)",
    )
    group.add_argument(
        "--limit", type=_count, metavar="N", help="do at most N videos now; start again for more"
    )
    group.add_argument(
        "--shard",
        type=_share,
        metavar="I/N",
        help="do only part I, from 0, of N equal ones: for several machines or schedulers that "
        "start this command N times, into one shared folder or into several",
    )
    group.add_argument(
        "--rows",
        type=_count,
        default=1000,
        metavar="N",
        help="videos in one Parquet file (default: %(default)s)",
    )
    group.add_argument(
        "--retry-failed", action="store_true", help="try those again that failed before"
    )
    group.add_argument(
        "--quiet", "-q", action="store_true", help="print nothing but errors of the whole run"
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number")
    return int(text)


def _count(text: str) -> int:
    if _number(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number from 1")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r}: give seconds, such as 600; 0 for no limit")
    return float(text)


def _share(text: str) -> tuple[int, int]:
    """Read --shard.

    >>> _share("0/4")
    (0, 4)
    """
    found = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
    if not found or int(found[1]) >= int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r}: give 0/4, 1/4, 2/4 or 3/4 for four parts")
    return int(found[1]), int(found[2])
