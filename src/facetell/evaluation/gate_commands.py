"""`facetell gates`: parse, call, print."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import numpy as np

from facetell import ensemble
from facetell.evaluation.answers import Trial
from facetell.evaluation.blends import Blend, make_blends
from facetell.evaluation.data import Data, add_data, read_data
from facetell.evaluation.gates import SPOILT, Gate, again_gates, outside_gates
from facetell.evaluation.heatmaps import check_heatmaps, told
from facetell.evaluation.trials import run_trials
from facetell.options import Options
from facetell.train.layouts import Media

EXIT_FAILED_GATE = 10


def gates_main(arguments: list[str]) -> int:
    """Answer `facetell gates`."""
    chosen = _parser().parse_args(arguments)
    data = read_data(chosen, only="real")
    card = ensemble.find(chosen.model)
    burst = card.sampling.burst_frames
    print("\n".join(told(check_heatmaps(_blends(data, burst, chosen.heatmaps), card))))
    found = outside_gates(_blends(data, burst, chosen.blends), card)
    for gate in found:
        print(line_of(gate), flush=True)
    again = _compressed(data, chosen)
    for gate in again:
        print(line_of(gate))
    verdicts = [gate.verdict for gate in (*found, *again)]
    print("may ship" if set(verdicts) == {"passed"} else "may not ship by these files")
    return EXIT_FAILED_GATE if "failed" in verdicts else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="facetell gates",
        allow_abbrev=False,
        description="Checks on real videos or pictures what a model must pass before it ships: "
        "it looks where something was changed, the area around a forgery tells nothing, and reals "
        "that are compressed anew stay real. Ends with status 10 if a gate fails.",
    )
    add_data(parser)
    add = parser.add_argument
    add("--model", default=Options().model, metavar="NAME", help="name or card (default: default)")
    add("--blends", type=int, default=1000, metavar="N",
        help="self-blended clips for the outside of masks, at most (default: 1000)")  # fmt: skip
    add("--heatmaps", type=int, default=200, metavar="N",
        help="self-blended clips for the heat maps, at most (default: %(default)s)")  # fmt: skip
    add("--files", type=int, default=1000, metavar="N",
        help="files that are compressed anew, at most (default: %(default)s)")  # fmt: skip
    add("--out", type=Path, metavar="DIR", help="keep answers here, so that a killed run goes on")
    return parser


def _blends(data: Data, frames: int, most: int) -> Iterator[Blend]:
    return islice(make_blends(_spread(data, most), data.tree, frames), most)


def _spread(data: Data, most: int) -> list[Media]:
    """Take so many files from all over the list."""
    places = np.unique(np.linspace(0, len(data.media) - 1, min(most, len(data.media))).astype(int))
    return [data.media[place] for place in places]


def _compressed(data: Data, chosen: argparse.Namespace) -> Sequence[Gate]:
    trials = [Trial(Options(model=chosen.model, runtime=chosen.runtime), name)
              for name in ("", *SPOILT)]  # fmt: skip
    with ExitStack() as stack:
        out = chosen.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        media = _spread(data, chosen.files)
        found = run_trials(media, data.tree, trials, out, chosen.workers)
    return again_gates(found[trials[0]], {t.degradation: found[t] for t in trials[1:]})


def line_of(gate: Gate) -> str:
    """Return a gate as a line for people."""
    low, high = gate.limits
    wanted = f"{low:.2f} to {high:.2f}" if low >= 0 else f"at most {high:.2f}"
    return (
        f"{gate.verdict:<10} {gate.name}: {gate.value:.3f} ({gate.low:.3f} to {gate.high:.3f}), "
        f"wanted {wanted}, of {gate.n}"
    )
