"""May a model's int8 variant ship instead of itself? Judged on labelled media, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facetell.errors import InputError, UsageError
from facetell.options import Options
from facetell.pipeline import Analyzer
from facetell.train.layouts import Media, Tree
from facetell.train.metrics import auc
from facetell.verdict import Label

MOST_MOVED = 0.05
MOST_AUC_LOST = 0.005


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled file and what a model said of it."""

    file: str
    is_fake: bool
    label: Label
    p_fake: float


@dataclass(frozen=True, slots=True)
class GateResult:
    """How the int8 variant differs.

    Attributes:
        files: how many were judged.
        flipped: those whose verdict is another.
        most_moved: largest change of p_fake.
        auc_before, auc_after: of the files.
    """

    files: int
    flipped: tuple[str, ...]
    most_moved: float
    auc_before: float
    auc_after: float

    @property
    def passed(self) -> bool:
        """Whether no verdict flips, p_fake moves by at most 0.05 and AUC falls by at most 0.005."""
        lost = self.auc_before - self.auc_after
        return not self.flipped and self.most_moved <= MOST_MOVED and lost <= MOST_AUC_LOST

    def told(self) -> str:
        """The result in one line."""
        names = f" ({', '.join(self.flipped[:3])}, …)" if self.flipped else ""
        return (
            f"int8 on {self.files} files: {len(self.flipped)} verdicts flip{names}, p(fake) moves "
            f"by {self.most_moved:.3f} at most, AUC {self.auc_before:.4f} to {self.auc_after:.4f}"
        )


def compare(before: Sequence[Judged], after: Sequence[Judged]) -> GateResult:
    """Compare two models' answers to the same files.

    Raises:
        UsageError: a class is missing among them.
    """
    fake = np.array([judged.is_fake for judged in before])
    if not len(fake) or fake.all() or not fake.any():
        raise UsageError("the int8 gate needs real and fake files with a face")
    p = [np.array([judged.p_fake for judged in run]) for run in (before, after)]
    pairs = zip(before, after, strict=True)
    return GateResult(
        files=len(fake),
        flipped=tuple(a.file for a, b in pairs if a.label != b.label),
        most_moved=float(np.abs(p[0] - p[1]).max()),
        auc_before=auc(fake, p[0]),
        auc_after=auc(fake, p[1]),
    )


def judge_media(card: Path, media: Sequence[Media], tree: Tree) -> list[Judged]:
    """Judge files through the shipped pipeline; those without a usable face are left out."""
    analyzer = Analyzer(Options(model=card, max_evidence=0))
    return list(_judged(analyzer, media, tree))


def _judged(analyzer: Analyzer, media: Sequence[Media], tree: Tree) -> Iterator[Judged]:
    for item in media:
        try:
            with tree.opened(item.file) as path:
                verdict = analyzer.analyze(path)
        except InputError:
            continue
        if verdict.p_fake is not None:
            yield Judged(item.file, item.is_fake, verdict.label, verdict.p_fake)
