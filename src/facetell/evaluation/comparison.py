"""Two evaluations of the same files → which model is better, by how much, and on which files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from facetell.errors import UsageError
from facetell.evaluation.answers import Outcome
from facetell.evaluation.measures import BY_LABEL, BY_PROBABILITY, Scored, scored
from facetell.train.metrics import Array, paired_bootstrap

COMPARED = ("video_auc", "average_precision", "equal_error_rate", "accuracy at 0.5", "brier_score",
            "log_loss", "accuracy of decided", "called inconclusive", "real called fake",
            "fake called fake")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of two models; `low` and `high` bound the 95 % interval of second less first."""

    name: str
    first: float
    second: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Flip:
    """A file of which the two models say different things."""

    file: str
    is_fake: bool
    first: str
    second: str
    first_p_fake: float
    second_p_fake: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two models say of the same files.

    Attributes:
        files: that both gave a probability; only these are compared.
        left_out: files that only one of the two evaluations has, or gave a probability.
        interval_by: what intervals are taken over.
        differences: measure by measure.
        flips: files that were called something else, the farthest apart first.
    """

    files: int
    left_out: int
    interval_by: str
    differences: tuple[Difference, ...]
    flips: tuple[Flip, ...]


def compare(first: Sequence[Outcome], second: Sequence[Outcome]) -> Comparison:
    """Compare two evaluations file by file.

    Args:
        first: outcomes of one model.
        second: of the other, on the same files, told by their SHA-256.

    Raises:
        UsageError: they have no file in common.
    """
    ours, theirs = _by_hash(first), _by_hash(second)
    common = sorted(set(ours) & set(theirs))
    if not common:
        raise UsageError("the two evaluations have no file in common: evaluate the same DATA")
    pairs = [(ours[sha], theirs[sha]) for sha in common]
    rows = scored([a for a, _ in pairs]), scored([b for _, b in pairs])
    return Comparison(
        files=len(common),
        left_out=len(set(ours) ^ set(theirs)),
        interval_by=rows[0].groups_are,
        differences=tuple(_difference(name, *rows) for name in COMPARED),
        flips=_flips(pairs),
    )


def _by_hash(outcomes: Sequence[Outcome]) -> dict[str, Outcome]:
    return {o.sha256: o for o in outcomes if o.sha256 and o.answer.p_fake is not None}


def _difference(name: str, first: Scored, second: Scored) -> Difference:
    fake = first.is_fake.astype(np.float64)
    function: Callable[[Array, Array], float]
    if name in BY_PROBABILITY:
        function, values = BY_PROBABILITY[name], (first.p_fake, second.p_fake)
    else:
        function, values = BY_LABEL[name], (first.called, second.called)
    low, high = paired_bootstrap(function, fake, values, first.groups)
    return Difference(name, function(fake, values[0]), function(fake, values[1]), low, high)


def _flips(pairs: Sequence[tuple[Outcome, Outcome]]) -> tuple[Flip, ...]:
    found = [
        Flip(a.media.file, a.media.is_fake, a.answer.label, b.answer.label,
             a.answer.p_fake or 0.0, b.answer.p_fake or 0.0)
        for a, b in pairs
        if a.answer.label != b.answer.label
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda flip: -abs(flip.first_p_fake - flip.second_p_fake)))


def told(comparison: Comparison) -> list[str]:
    """Return a comparison as lines for people."""
    head = f"{comparison.files} files in both"
    if comparison.left_out:
        head += f", {comparison.left_out} left out that only one of them has"
    over = f"95 % interval of B less A, over {comparison.interval_by}s"
    lines = [f"{head}; {over}", f"{'':<24}      A      B   B less A"]
    for found in comparison.differences:
        values = f"{found.first:.3f}  {found.second:.3f}  {found.second - found.first:+.3f}"
        clear = "  clear" if found.is_clear else ""
        lines.append(f"{found.name:<24}  {values} ({found.low:+.3f} to {found.high:+.3f}){clear}")
    lines += ["", f"{len(comparison.flips)} files are called something else:"]
    lines += [
        f"  {'fake' if f.is_fake else 'real'}: {f.first} {f.first_p_fake:.2f} -> "
        f"{f.second} {f.second_p_fake:.2f}  {f.file}"
        for f in comparison.flips
    ]
    return lines
