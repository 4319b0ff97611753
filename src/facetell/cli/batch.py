"""`facetell batch`: many videos → Parquet, resumable, on this machine or on a Ray cluster."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from facetell.cli import EXIT_FAILED_INPUT, EXIT_OK
from facetell.cli.batch_arguments import parse
from facetell.cli.inputs import STDIN, expand
from facetell.errors import MissingDependency, UsageError
from facetell.options import Options

if TYPE_CHECKING:
    from facetell.batch.plan import Found, Plan


def main(arguments: Sequence[str]) -> int:
    """Parse, analyse, print; return the exit status.

    Raises:
        MissingDependency: an extra is not installed.
        FacetellError: see `facetell.batch.plan.carry_out`.
    """
    chosen = parse(arguments)
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingDependency("batch needs pyarrow: pip install 'facetell[batch]'")
    # Imported here: pyarrow, cv2 and onnxruntime load slowly, and `--help` needs none of them.
    from facetell.batch.plan import carry_out
    from facetell.batch.summary import PAGE, counts_line

    plan = _plan(chosen)
    summary = carry_out(plan, _inputs(chosen))
    if not chosen.quiet:
        print(counts_line(summary))
        print(f"results: {plan.out}/verdicts-*.parquet\nsummary: {plan.out / PAGE}")
    return EXIT_FAILED_INPUT if summary.labels["error"] else EXIT_OK


def _plan(chosen: argparse.Namespace) -> Plan:
    from facetell.batch.plan import Plan
    from facetell.batch.results import Share

    # A worker has one core; several videos at a time use more than one.
    options = Options(
        frames=chosen.frames,
        model=chosen.model,
        runtime=chosen.runtime,
        threads=1,
        max_evidence=0,
    )
    return Plan(
        out=chosen.out,
        options=options,
        engine=chosen.engine,
        workers=chosen.workers,
        address=chosen.address,
        retries=chosen.retries,
        timeout_s=chosen.timeout,
        limit=chosen.limit,
        share=Share(*(chosen.shard or ())),
        rows=chosen.rows,
        retry_failed=chosen.retry_failed,
        shown=not chosen.quiet,
    )


def _inputs(chosen: argparse.Namespace) -> Iterator[Found]:
    """What is behind INPUT; nothing is searched before the first is asked for."""
    from facetell.batch import inputs
    from facetell.batch.plan import Found
    from facetell.batch.storage import is_remote

    named: str = chosen.input
    if named == STDIN:
        yield from map(Found, inputs.read_lines("standard input", sys.stdin.buffer))
    elif inputs.names_a_list(named):
        yield from map(Found, inputs.read_list(named, chosen.column))
    elif chosen.column is not None:
        raise UsageError(f"--column: {named} is no table; give a .csv or .parquet file")
    elif is_remote(named):
        yield from map(Found, inputs.find_remote(named))
    else:
        found = expand([named], excluded=chosen.out)
        yield from (Found(str(item.path), item.error) for item in found)
