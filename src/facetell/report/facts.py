"""Verdict and card → names and values, as all reports that people read list them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facetell.verdict import Media, Verdict
from facetell.weights import Metric, ModelCard
from facetell.wording import clock


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of such a list; the value is plain text, and a hash is set in another type."""

    name: str
    value: str
    is_hash: bool = False


def file_facts(verdict: Verdict) -> list[Fact]:
    """What the file is, and how long its analysis took."""
    facts = [Fact("SHA-256", verdict.sha256 or "not computed", verdict.sha256 is not None)]
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


def model_facts(verdict: Verdict, card: ModelCard | None) -> list[Fact]:
    """Which model judged, its terms and hashes, and the program; empty without a model."""
    if (model := verdict.model) is None:
        return []
    facts = [Fact("Model", f"{model.name} {model.version}")]
    if card is not None:
        facts += [Fact("Architecture", card.architecture), Fact("Trained on", card.trained_on)]
    facts.append(Fact("Terms of use", model.terms))
    facts += [
        Fact("SHA-256" + f" of {member.name}" * bool(model.members), member.sha256, True)
        for member in model.members or (model,)
    ]
    return [*facts, Fact("Program", f"facetell {verdict.facetell_version}")]


def interval(metric: Metric) -> str:
    """The confidence interval of a metric, or a dash if it has none."""
    if metric.low is None or metric.high is None:
        return "-"
    return f"{metric.low:.3g} to {metric.high:.3g}"
