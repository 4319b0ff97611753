"""Thousands of mutants of small real files are read, and what came of them is counted.

    python -m tests.hostile.fuzz --count 10000

No mutant may kill the reader, keep it silent, raise anything but facetell's own errors, make it
open another file or call anybody. Ends with status 1 if one did; --keep FOLDER writes those.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.hostile.canaries import Caller, Opened
from tests.hostile.decoding import Outcome, reader
from tests.hostile.mutants import Mutant, mutants, seeds


def fuzz(numbers: range, folder: Path) -> Iterator[tuple[Mutant, Outcome]]:
    """Read mutants and yield what came of each; "opened" and "called" are outcomes, too.

    Args:
        numbers: which mutants.
        folder: an empty one, for the seeds and the mutants.
    """
    made_in, read_in = folder / "seeds", folder / "read"
    made_in.mkdir()
    read_in.mkdir()
    made = seeds(made_in)
    with ExitStack() as stack:
        process = stack.enter_context(reader())
        opened = stack.enter_context(Opened(read_in, made_in, folder))
        caller = stack.enter_context(Caller())
        for mutant in mutants(made, numbers):
            path = read_in / f"{mutant.number}-{mutant.seed}"
            path.write_bytes(mutant.data)
            opened.files()
            outcome = process.read(path)
            others = opened.files() - {path}
            if others or caller.calls():
                outcome = Outcome("opened", f"{sorted(map(str, others))}", outcome.took_s)
            path.unlink()
            yield mutant, outcome


def main() -> int:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--keep", type=Path, help="where to write mutants that did harm")
    chosen = parser.parse_args()
    counts: Counter[str] = Counter()
    faults, slowest_s, started_s = 0, 0.0, time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        numbers = range(chosen.first, chosen.first + chosen.count)
        for mutant, outcome in fuzz(numbers, Path(folder)):
            counts[outcome.kind] += 1
            slowest_s = max(slowest_s, outcome.took_s)
            if outcome.is_fault:
                faults += 1
                print(f"{mutant.number} {mutant.seed}: {outcome.kind} {outcome.told}", flush=True)
                if chosen.keep:
                    chosen.keep.mkdir(parents=True, exist_ok=True)
                    (chosen.keep / f"{mutant.number}-{mutant.seed}").write_bytes(mutant.data)
    took_s = time.perf_counter() - started_s
    print(f"{chosen.count} mutants in {took_s:.0f} s, the slowest {slowest_s:.2f} s")
    for kind, count in counts.most_common():
        print(f"{count:8d} {kind}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
