"""Verdict and card → names and values, as all reports that people read list them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from facetell.options import Options
from facetell.verdict import Media, Verdict
from facetell.weights import Metric, ModelCard
from facetell.wording import clock, counted

_RATE = re.compile(r"(?P<truth>real|fake) called (?P<label>fake|inconclusive|real)")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of such a list; the value is plain text, and a hash is set in another type."""

    name: str
    value: str
    is_hash: bool = False


def file_facts(verdict: Verdict) -> list[Fact]:
    """What the file is, and how long its analysis took."""
    facts = [Fact("SHA-256", verdict.sha256 or "not computed", True)]
    if (media := verdict.media) is not None:
        size = f"{media.width} × {media.height} px"
        rate = f", {media.fps:.4g} frames a second" if media.fps else ""
        length = clock(media.duration_s) if media.duration_s else "not stated"
        facts += [
            Fact("Format", f"{_container(verdict.path, media)}, {media.codec}, {size}{rate}"),
            Fact("Length", "a picture" if media.is_picture else length),
            Fact("Frames read", str(media.frames_read)),
        ]
    if (part := verdict.selection) is not None:
        facts.append(Fact("Analysed", f"only {part.words}"))
    return [*facts, Fact("Analysis took", f"{verdict.elapsed_s:.1f} s")]


def _container(path: Path, media: Media) -> str:
    """One of FFmpeg's names for a family of formats, such as "mov,mp4,m4a": the file's own."""
    names = media.container.split(",")
    ending = path.suffix.lower().removeprefix(".")
    return ending if ending in names else names[0]


def model_identity(verdict: Verdict) -> list[Fact]:
    """Which model and program judged, and under which terms; empty without a model."""
    if (model := verdict.model) is None:
        return []
    hashes = [
        Fact("SHA-256" + f" of {member.name}" * bool(model.members), member.sha256, True)
        for member in model.members or (model,)
    ]
    return [
        Fact("Model", f"{model.name} {model.version}"),
        *hashes,
        Fact("Program", f"facetell {verdict.facetell_version}"),
        Fact("Terms of use", model.terms),
    ]


def model_background(card: ModelCard) -> list[Fact]:
    """What the model is made of."""
    return [Fact("Architecture", card.architecture), Fact("Trained on", card.trained_on)]


def settings(card: ModelCard, options: Options | None) -> list[Fact]:
    """How the frames were chosen and the faces cut out; without options only what the card says."""
    asked = [] if options is None else _asked(options)
    crop, sampling = card.crop, card.sampling
    burst = (
        f"{counted(sampling.burst_frames, 'frame')} a burst, {sampling.step_s:g} s from one to the "
        "next"
    )
    square = (
        f"{crop.scale:g} times the size of the face that {crop.detector} found, scaled to "
        f"{crop.side_px} × {crop.side_px} px"
    )
    return [*asked, Fact("Frames taken as", burst), Fact("Faces cut out at", square)]


def _asked(options: Options) -> list[Fact]:
    frames = "every frame" if options.frames == "all" else str(options.frames)
    return [
        Fact("Frames asked for", frames),
        Fact("Smallest face scored", f"{options.min_face_px} px"),
        Fact("Model run by", options.runtime),
    ]


def error_rates(card: ModelCard) -> dict[str, dict[str, Metric]]:
    """How often the thresholds err, as the card has measured it: truth → label → metric.

    Empty where nothing was measured.
    """
    rates: dict[str, dict[str, Metric]] = {}
    for metric in card.metrics:
        if found := _RATE.fullmatch(metric.name):
            rates.setdefault(found["truth"], {})[found["label"]] = metric
    return rates


def interval(metric: Metric) -> str:
    """The confidence interval of a metric, or a dash if it has none."""
    if metric.low is None or metric.high is None:
        return "-"
    return f"{metric.low:.3g} to {metric.high:.3g}"
