"""Verdict → one self-contained HTML page for people: no script, nothing fetched, prints well.

All that comes from outside (file names, messages, model cards) goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from facetell.report.chart import timeline_chart
from facetell.report.facts import Fact, file_facts, interval, model_background, model_identity
from facetell.report.icons import icon
from facetell.report.page import data_uri, escape, page
from facetell.report.pictures import face_jpeg, heat_jpeg
from facetell.report.statements import (
    FACES_LISTED,
    HEAT_NOTE,
    MEANINGS,
    QUALITY_NOTE,
    TIMELINE_NOTE,
    TITLES,
    all_reasons,
    p_fake_told,
    what_it_cannot_tell,
    without_path,
)
from facetell.verdict import Evidence, Label, Verdict
from facetell.weights import Metric, ModelCard, Thresholds
from facetell.wording import clock, counted, probability, span

# Two pictures of some 15 kB each: the page stays small enough for a mail.
_FACES_PICTURED = 8


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A line of the overview of several reports; `folder` is where its report lies."""

    path: Path
    label: Label
    p_fake: float | None
    reason: str
    folder: str


def render(verdict: Verdict, card: ModelCard | None, made_at: datetime) -> str:
    """Write the report of one file.

    Args:
        verdict: what is reported.
        card: of the model that judged; without it thresholds and metrics are left out.
        made_at: when, with its time zone.
    """
    thresholds = card.thresholds if card else None
    parts = (
        _hero(verdict, thresholds),
        _timeline(verdict, thresholds),
        _faces(verdict),
        _limits(verdict),
        _file(verdict),
        _model(verdict, card),
    )
    name = escape(Path(verdict.path).name)
    return page(f"{TITLES[verdict.label]}: {name}", "".join(parts), made_at)


def render_index(entries: Sequence[IndexEntry], summary: str, made_at: datetime) -> str:
    """Write the overview that links the reports of several files."""
    rows = "".join(
        f"<tr><td>{_word(entry.label)}</td>"
        f'<td class="number" data-label="p(fake)">{escape(probability(entry.p_fake))}</td>'
        f'<td class="path"><a href="{escape(entry.folder)}/report.html">'
        f"<bdi>{escape(entry.path)}</bdi></a>"
        f'<div class="muted">{escape(entry.reason)}</div></td></tr>'
        for entry in entries
    )
    body = (
        f'<section><h1>Overview</h1><p class="lead">{escape(summary)}</p>'
        '<div class="scroll"><table class="stack"><thead><tr><th scope="col">Verdict</th>'
        '<th scope="col" class="number">p(fake)</th><th scope="col">File</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )
    return page("Overview", body, made_at)


def _word(label: Label) -> str:
    return f'<span class="word {label}">{icon(label)} {TITLES[label]}</span>'


def _hero(verdict: Verdict, thresholds: Thresholds | None) -> str:
    items = "".join(
        f'<li class="warning"><b>Warning:</b> {escape(reason)}</li>'
        if reason in verdict.warnings
        else f"<li>{escape(without_path(reason, verdict.path))}</li>"
        for reason in all_reasons(verdict.reasons, verdict.warnings)
    )
    return (
        f'<div class="hero {verdict.label}"><div class="verdict">{icon(verdict.label)}'
        f"<h1>{TITLES[verdict.label]}</h1></div>"
        f'<p class="lead">{MEANINGS[verdict.label]}</p>'
        f'<p class="file"><bdi>{escape(verdict.path)}</bdi></p>'
        f"{_gauge(verdict, thresholds)}"
        f'<h2>Why</h2><ul class="reasons">{items}</ul></div>'
    )


def _gauge(verdict: Verdict, thresholds: Thresholds | None) -> str:
    """A bar from real to fake with the verdict's place on it."""
    if verdict.p_fake is None:
        return ""
    shown, percent = escape(probability(verdict.p_fake)), 100 * verdict.p_fake
    anchor = "start" if percent < 15 else "end" if percent > 85 else "middle"
    return (
        '<div class="gauge"><svg role="img" '
        f'aria-label="p(fake) is {shown}, where 0 means real and 1 fake">'
        '<rect class="track-bar" y="30" width="100%" height="16" rx="3"/>'
        f"{_gauge_zones(thresholds)}"
        f'<text class="strong" x="{percent:.1f}%" y="12" text-anchor="{anchor}">'
        f"p(fake) {shown}</text>"
        f'<svg x="{percent:.1f}%" y="0" overflow="visible">'
        '<path class="needle" d="M0 34 -7 20H7z"/></svg></svg></div>'
        f'<p class="note">{escape(p_fake_told(verdict))}</p>'
    )


def _gauge_zones(thresholds: Thresholds | None) -> str:
    if thresholds is None:
        return (
            '<text x="0" y="64">0: real</text>'
            '<text x="100%" y="64" text-anchor="end">1: fake</text>'
        )
    real, fake = 100 * thresholds.real, 100 * thresholds.fake
    return (
        f'<rect class="zone-real" y="30" width="{real:.2f}%" height="16"/>'
        f'<rect class="zone-fake" x="{fake:.2f}%" y="30" width="{100 - fake:.2f}%" height="16"/>'
        f'<text class="word-real" x="0" y="64">real up to {thresholds.real:.2f}</text>'
        f'<text class="word-fake" x="100%" y="64" text-anchor="end">'
        f"fake from {thresholds.fake:.2f}</text>"
    )


def _timeline(verdict: Verdict, thresholds: Thresholds | None) -> str:
    chart = timeline_chart(verdict, thresholds)
    if not chart:
        return ""
    return (
        f'<section><h2>p(fake) over time</h2>{chart}<p class="note">{TIMELINE_NOTE}</p></section>'
    )


def _faces(verdict: Verdict) -> str:
    if not verdict.tracks:
        return ""
    rows = "".join(
        f'<tr><td>{track.id}</td><td class="number">{escape(probability(track.p_fake))}</td>'
        f'<td class="number">{span(track.start_s, track.end_s)}</td>'
        f'<td class="number">{track.frames}</td><td class="number">{track.quality:.2f}</td></tr>'
        for track in verdict.tracks[:FACES_LISTED]
    )
    left_out = len(verdict.tracks) - FACES_LISTED
    more = f"<p>And {counted(left_out, 'face')} less suspicious.</p>" if left_out > 0 else ""
    return (
        '<section><h2>Faces</h2><div class="scroll"><table><thead><tr><th scope="col">Face</th>'
        '<th scope="col" class="number">p(fake)</th><th scope="col" class="number">Seen</th>'
        '<th scope="col" class="number">Frames</th><th scope="col" class="number">Quality</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>{more}"
        f'<p class="note">{QUALITY_NOTE}</p>{_evidence(verdict)}</section>'
    )


def _evidence(verdict: Verdict) -> str:
    if not verdict.evidence:
        return ""
    tracks = list(dict.fromkeys(evidence.track for evidence in verdict.evidence))
    groups = "".join(
        f'<h3>Face {track}: its most suspicious moments</h3><div class="crops">'
        + "".join(_pair(found) for found in verdict.evidence if found.track == track)
        + "</div>"
        for track in tracks[:_FACES_PICTURED]
    )
    return (
        f'<p class="note">{HEAT_NOTE}</p>'
        '<p class="scale">not at all <span class="heat" role="img" aria-label="to"></span> '
        f"strongly</p>{groups}"
    )


def _pair(evidence: Evidence) -> str:
    moment = clock(evidence.time_s)
    face = f"face {evidence.track} at {moment}"
    return (
        f'<figure><div class="pair"><img alt="{face}" src="{data_uri(face_jpeg(evidence))}">'
        f'<img alt="where the model looked at {face}" src="{data_uri(heat_jpeg(evidence))}"></div>'
        f"<figcaption>at {moment}, p(fake) {escape(probability(evidence.p_fake))}</figcaption>"
        "</figure>"
    )


def _limits(verdict: Verdict) -> str:
    items = "".join(f"<li>{escape(limit)}</li>" for limit in what_it_cannot_tell(verdict))
    return f"<section><h2>What this can't tell</h2><ul>{items}</ul></section>" if items else ""


def _file(verdict: Verdict) -> str:
    return f"<section><h2>The file</h2>{_definitions(file_facts(verdict))}</section>"


def _model(verdict: Verdict, card: ModelCard | None) -> str:
    if verdict.model is None:
        return ""
    facts = [*model_identity(verdict), *(model_background(card) if card else ())]
    measured = _metrics(card.metrics) if card else ""
    return f"<section><h2>The model</h2>{_definitions(facts)}{measured}</section>"


def _metrics(metrics: Iterable[Metric]) -> str:
    rows = "".join(
        f"<tr><td><b>{escape(metric.name)}</b></td>"
        f'<td class="number" data-label="value">{metric.value:.3g}</td>'
        f'<td class="number" data-label="95 % interval">{interval(metric)}</td>'
        f'<td data-label="measured on">{escape(metric.sample)}</td></tr>'
        for metric in metrics
    )
    if not rows:
        return ""
    return (
        '<h3>How well it does</h3><div class="scroll"><table class="stack"><thead><tr>'
        '<th scope="col">Measure</th><th scope="col" class="number">Value</th>'
        '<th scope="col" class="number">95 % interval</th>'
        f'<th scope="col">Measured on</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _definitions(facts: Iterable[Fact]) -> str:
    lines = (
        f"<dt>{escape(fact.name)}</dt>"
        f"<dd>{f'<code>{escape(fact.value)}</code>' if fact.is_hash else escape(fact.value)}</dd>"
        for fact in facts
    )
    return f"<dl>{''.join(lines)}</dl>"
