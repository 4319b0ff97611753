"""The frame counts on the upload page: what each looks at, costs and gives, as far as measured."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from facetell.web.analyses.choices import frame_choices
from facetell.web.analyses.models import Analysis, Status
from facetell.weights import Metric, ModelCard

LATEST = 200
FEWEST = 3
"""Fewer analyses say nothing about the next one."""


@dataclass(frozen=True, slots=True)
class FrameChoice:
    """One frame count with what is known about it.

    Attributes:
        value: a whole number, or "all".
        bursts: how many stretches of neighbouring frames are looked at; None for all frames.
        burst_frames: frames in each.
        took_s: median time of recent analyses on this server; None if there were too few.
        measured: the model's own numbers for this count.
    """

    value: str
    bursts: int | None
    burst_frames: int
    took_s: float | None
    measured: tuple[Metric, ...]


def offered(card: ModelCard) -> list[FrameChoice]:
    """Return the counts to choose from, for one model."""
    took_s = _times(card.name)
    length = card.sampling.burst_frames
    return [
        FrameChoice(
            value=value,
            bursts=None if value == "all" else -(-int(value) // length),
            burst_frames=length,
            took_s=took_s.get(value),
            measured=tuple(m for m in card.metrics if m.name.endswith(f" {value} frames")),
        )
        for value in frame_choices()
    ]


def _times(model: str) -> dict[str, float]:
    """Median seconds by frame count: whole files, whoever sent them."""
    done = Analysis.objects.filter(
        status=Status.DONE, model=model, start_s=None, end_s=None, face_time_s=None
    )
    rows = done.order_by("-finished_at").values_list("frames", "started_at", "finished_at")
    spans: defaultdict[str, list[float]] = defaultdict(list)
    for frames, started, finished in rows[:LATEST]:
        if started and finished:
            spans[frames].append((finished - started) / timedelta(seconds=1))
    return {f: statistics.median(s) for f, s in spans.items() if len(s) >= FEWEST}
