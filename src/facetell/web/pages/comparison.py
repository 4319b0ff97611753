"""Analyses of one video that differ only in their frame counts → a table and a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from django.db.models import QuerySet

from facetell.options import FRAME_CHOICES
from facetell.verdict import Label
from facetell.web.analyses.models import ASKED, Analysis, Status
from facetell.web.pages.findings import card_of
from facetell.web.pages.scale import Scale, from_top, percent, scale_of
from facetell.weights import Thresholds

_FEWEST, _MOST = FRAME_CHOICES[0], FRAME_CHOICES[-1]
_MARGIN = 4
"""Percent of the chart's width left free at both sides, so that no mark is cut."""


@dataclass(frozen=True, slots=True)
class Row:
    """One frame count, and the latest analysis with it.

    Attributes:
        frames: that are asked for.
        analysis: None if nobody asked yet.
    """

    frames: int
    analysis: Analysis | None

    @property
    def status(self) -> str:
        """Where its analysis stands; empty without one."""
        return self.analysis.status if self.analysis else ""

    @property
    def done(self) -> bool:
        """Whether there is a result."""
        return self.status == Status.DONE

    @property
    def missing(self) -> bool:
        """Whether it has to be asked for: not yet, or it came to nothing."""
        return self.status in {"", Status.FAILED, Status.CANCELLED}

    @property
    def pending(self) -> bool:
        """Whether it is on its way."""
        return self.status in {Status.QUEUED, Status.RUNNING}

    @property
    def label(self) -> Label | None:
        """The verdict with so many frames."""
        return cast("Label", self.analysis.label) if self.analysis and self.done else None

    @property
    def p_fake(self) -> float | None:
        """0–1; None without a face or a result."""
        return self.analysis.p_fake if self.analysis and self.done else None

    @property
    def frames_read(self) -> int | None:
        """Frames that were analysed: a short video has no more."""
        media = self.analysis.result.document["media"] if self.analysis and self.done else None
        return media["frames_read"] if media else None

    @property
    def faces(self) -> int | None:
        """How many faces were scored."""
        done = self.analysis if self.done else None
        return len(done.result.document["tracks"]) if done else None

    @property
    def elapsed_s(self) -> float | None:
        """How long the analysis took."""
        done = self.analysis if self.done else None
        return cast("float | None", done.result.document["elapsed_s"]) if done else None


@dataclass(frozen=True, slots=True)
class Mark:
    """A result in the chart; places in percent, as strings for SVG."""

    x: str
    y: str
    row: Row


@dataclass(frozen=True, slots=True)
class Comparison:
    """One video with several frame counts.

    Attributes:
        rows: by frame count.
        marks: of the results that have a probability.
        line: through them, SVG points in a square of 1000.
        ticks: where each frame count stands.
        scale: of p(fake); with the thresholds if one model judged all of it.
    """

    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    line: str
    ticks: tuple[tuple[str, int], ...]
    scale: Scale

    @property
    def done(self) -> int:
        """How many results there are."""
        return sum(row.done for row in self.rows)

    @property
    def pending(self) -> int:
        """How many are on their way."""
        return sum(row.pending for row in self.rows)

    @property
    def missing(self) -> list[Row]:
        """What has to be asked for."""
        return [row for row in self.rows if row.missing]

    @property
    def labels(self) -> list[Label]:
        """The verdicts that occur, without repetitions next to each other, by frame count."""
        found = [row.label for row in self.rows if row.label]
        return found[:1] + [label for before, label in pairwise(found) if label != before]

    @property
    def kinds(self) -> list[Label]:
        """Each verdict in the chart once."""
        return list(dict.fromkeys(mark.row.label for mark in self.marks if mark.row.label))

    @property
    def lowest(self) -> Mark | None:
        """The result with the least p(fake)."""
        return min(self.marks, key=lambda mark: mark.row.p_fake or 0.0, default=None)

    @property
    def highest(self) -> Mark | None:
        """The result with the greatest p(fake)."""
        return max(self.marks, key=lambda mark: mark.row.p_fake or 0.0, default=None)


def comparison_of(analysis: Analysis) -> Comparison:
    """Gather what there is of the same upload, model and stretch."""
    latest = {int(found.frames): found for found in _same_but_for_frames(analysis)}
    rows = tuple(Row(frames, latest.get(frames)) for frames in FRAME_CHOICES)
    marks = tuple(_mark(row) for row in rows if row.p_fake is not None)
    return Comparison(
        rows=rows,
        marks=marks,
        line=" ".join(f"{float(mark.x) * 10:.1f},{float(mark.y) * 10:.1f}" for mark in marks),
        ticks=tuple((_across(frames), frames) for frames in FRAME_CHOICES),
        scale=scale_of(_thresholds(rows)),
    )


def _same_but_for_frames(analysis: Analysis) -> QuerySet[Analysis]:
    """The oldest first, so that the latest stands last; a failed one stands before any other."""
    same = {name: getattr(analysis, name) for name in ASKED if name != "frames"}
    return (
        Analysis.objects.select_related("upload", "result")
        .filter(
            **same,
            owner_id=analysis.owner_id,
            upload_id=analysis.upload_id,
            frames__in=map(str, FRAME_CHOICES),
        )
        .order_by("created_at")
    )


def _mark(row: Row) -> Mark:
    return Mark(_across(row.frames), from_top(row.p_fake or 0.0), row)


def _across(frames: int) -> str:
    share = (frames - _FEWEST) / (_MOST - _FEWEST)
    return percent(_MARGIN + share * (100 - 2 * _MARGIN))


def _thresholds(rows: Sequence[Row]) -> Thresholds | None:
    """The thresholds by which all of the results were judged; None if the model changed."""
    done = [row.analysis for row in rows if row.analysis and row.done]
    cards = {card_of(analysis.result.document) for analysis in done}
    card = cards.pop() if len(cards) == 1 else None
    return card.thresholds if card else None
