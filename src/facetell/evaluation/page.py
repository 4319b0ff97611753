"""A summary → one self-contained HTML page: numbers, plots for light and dark, worst mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from facetell.evaluation import plots
from facetell.evaluation.answers import Outcome
from facetell.evaluation.measures import Scored, scored
from facetell.evaluation.slices import Slice
from facetell.evaluation.summary import Row, Summary
from facetell.evaluation.trials import FACES
from facetell.report.facts import interval
from facetell.report.page import data_uri, escape, page
from facetell.wording import counted, probability

MOST_MISTAKES = 12
MOST_PARTS, MOST_LINES = 40, 200
"""Of an axis, and of a list; summary.json and files.csv hold all."""
PLAIN = (
    "For each measure 1 is best, but for error rates, losses and calibration errors: there 0 is."
)


def render(summary: Summary, outcomes: Sequence[Outcome], out: Path, made_at: datetime) -> str:
    """Write the page.

    Args:
        summary: the numbers.
        outcomes: of the files themselves, undegraded.
        out: the evaluation's folder, where the pictures of faces are.
        made_at: when, with its time zone.
    """
    rows = scored(outcomes)
    parts = [
        _head(summary),
        _confusion(summary),
        _plots(summary, rows),
        _rows("Frames and time", "frames", summary.by_frames, plots.frames_plot),
        _rows("Robustness", "degradation", summary.robustness, plots.robustness_plot),
        _heatmaps(summary),
        _metrics(summary),
        _slices(summary),
        _mistakes(rows, out),
        _silent(outcomes),
    ]
    return page(f"Evaluation of {escape(summary.model.name)}", "".join(parts), made_at)


def _head(summary: Summary) -> str:
    model = summary.model
    told = (
        f"{counted(summary.reals, 'real file')} and {summary.fakes} fake ones of "
        f"{counted(summary.sources, 'source')}, {summary.frames} frames each, through the whole "
        f"pipeline of facetell {summary.facetell_version}. Intervals are 95 %, over "
        f"{summary.interval_by}s."
    )
    hashes = "".join(
        f"<dt>{escape(m.name)} {escape(m.version)}</dt><dd><code>{escape(m.sha256)}</code></dd>"
        for m in model.members or (model,)
    )
    return (
        f'<section><h1>{escape(model.name)}</h1><p class="lead">on {escape(summary.data)}</p>'
        f"<p>{told}</p>{_headline(summary)}<dl>{hashes}</dl></section>"
    )


def _headline(summary: Summary) -> str:
    wanted = ("video_auc", "real called fake", "accuracy of decided", "called inconclusive")
    found = [metric for name in wanted if (metric := summary.metric(name))]
    items = "".join(
        f"<dt>{escape(m.name)}</dt><dd><b>{m.value:.3f}</b> ({interval(m)})</dd>" for m in found
    )
    return f"<dl>{items}</dl>"


def _confusion(summary: Summary) -> str:
    labels = list(next(iter(summary.confusion.values())))
    words = [label.replace("_", " ") for label in labels]
    head = "".join(f'<th scope="col" class="number">{word}</th>' for word in words)
    body = "".join(
        f"<tr><td><b>{truth}</b></td>"
        + "".join(
            f'<td class="number" data-label="called {word}">{found[label]}</td>'
            for label, word in zip(labels, words, strict=True)
        )
        + "</tr>"
        for truth, found in summary.confusion.items()
    )
    return (
        '<section><h2>What was called what</h2><div class="scroll"><table class="stack"><thead>'
        f'<tr><th scope="col">in truth</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f'<p class="note">Fake from p(fake) {summary.thresholds.fake:.2f}, real up to '
        f"{summary.thresholds.real:.2f}, inconclusive between.</p></section>"
    )


def _plots(summary: Summary, rows: Scored) -> str:
    if not rows.is_fake.any() or rows.is_fake.all():
        return ""
    sources_in = plots.rows_height_in(len(plots.sources_drawn(rows)))
    drawn = (
        ("Scores of reals and fakes", plots.both(plots.histograms(rows, summary))),
        ("ROC curve", plots.both(plots.roc(rows))),
        ("Precision and recall", plots.both(plots.precision_recall(rows))),
        (
            "Reliability: does p(fake) mean what it says?",
            plots.both(plots.reliability_plot(summary)),
        ),
        ("Each file, by source", plots.both(plots.by_source(rows), sources_in)),
    )
    figures = "".join(_figure(title, pair) for title, pair in drawn)
    return f'<section><h2>Curves</h2><div class="plots">{figures}</div></section>'


def _figure(title: str, pair: tuple[bytes, bytes]) -> str:
    light, dark = (data_uri(drawing, "svg+xml") for drawing in pair)
    return (
        f'<figure><picture><source media="screen and (prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img alt="{escape(title)}" src="{light}"></picture>'
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )


def _rows(
    title: str, noun: str, rows: Sequence[Row], plot: Callable[[Sequence[Row]], plots.Draw]
) -> str:
    if not rows:
        return ""
    height_in = plots.rows_height_in(len(rows) if noun == "degradation" else 0)
    drawn = _figure(title, plots.both(plot(rows), height_in))
    heads: tuple[str, ...] = (
        *("files", "video AUC", "interval", "accuracy at 0.5"),
        *("reals called fake", "inconclusive", "seconds"),
    )
    if any(row.moved for row in rows):
        heads += ("p(fake) of reals", "p(fake) of fakes", "called else")
    head = "".join(f'<th scope="col" class="number">{name}</th>' for name in heads)
    body = "".join(_line(row, heads) for row in rows)
    return (
        f'<section><h2>{title}</h2><div class="plots">{drawn}</div><div class="scroll">'
        f'<table class="stack"><thead><tr><th scope="col">{noun}</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _line(row: Row, heads: Sequence[str]) -> str:
    shares = (row.accuracy, row.false_positives, row.inconclusive)
    values: tuple[str, ...] = (
        *(str(row.files), f"{row.auc:.3f}", f"{row.low:.3f} to {row.high:.3f}"),
        *(*(f"{share:.3f}" for share in shares), f"{row.seconds:.2f}"),
    )
    if row.moved:
        changes = (row.moved.reals, row.moved.fakes)
        values += (*(f"{change:+.3f}" for change in changes), f"{row.moved.called_else:.3f}")
    cells = "".join(
        f'<td class="number" data-label="{head}">{value}</td>'
        for head, value in zip(heads, values, strict=False)
    )
    return f"<tr><td><b>{escape(row.name)}</b></td>{cells}</tr>"


def _heatmaps(summary: Summary) -> str:
    if not summary.heatmaps:
        return ""
    body = "".join(
        f"<tr><td><b>{escape(found.name)}</b></td>"
        f'<td class="number" data-label="hottest place inside">{found.pointing:.3f} '
        f"({found.pointing_low:.3f} to {found.pointing_high:.3f})</td>"
        f'<td class="number" data-label="heat inside">{found.mass:.3f} '
        f"({found.mass_low:.3f} to {found.mass_high:.3f})</td></tr>"
        for found in summary.heatmaps
    )
    first = summary.heatmaps[0]
    return (
        '<section><h2>Where the model looked</h2><div class="scroll"><table class="stack"><thead>'
        '<tr><th scope="col">map</th><th scope="col" class="number">hottest place inside</th>'
        f'<th scope="col" class="number">heat inside</th></tr></thead><tbody>{body}</tbody></table>'
        f'</div><p class="note">{first.frames} frames of self-blended clips whose mask is known; '
        f"masks cover {first.area:.3f} of a crop. A model that looks at the forgery does better "
        "than both the random map and the one that is hottest in its centre.</p></section>"
    )


def _metrics(summary: Summary) -> str:
    body = "".join(
        f"<tr><td><b>{escape(m.name)}</b></td>"
        f'<td class="number" data-label="value">{m.value:.3f}</td>'
        f'<td class="number" data-label="95 % interval">{interval(m)}</td>'
        f'<td class="number" data-label="of">{m.n}</td></tr>'
        for m in summary.metrics
    )
    return (
        '<section><h2>All numbers</h2><div class="scroll"><table class="stack"><thead><tr>'
        '<th scope="col">measure</th><th scope="col" class="number">value</th>'
        '<th scope="col" class="number">95 % interval</th><th scope="col" class="number">of</th>'
        f'</tr></thead><tbody>{body}</tbody></table></div><p class="note">{PLAIN}</p></section>'
    )


def _slices(summary: Summary) -> str:
    heads = ("reals", "fakes", "AUC of its fakes", "AUC of its reals", "reals called fake",
             "fakes called fake", "inconclusive")  # fmt: skip
    head = "".join(f'<th scope="col" class="number">{name}</th>' for name in heads)
    body = ""
    for part in _with_room(summary.slices):
        values = (part.reals, part.fakes, part.auc, part.real_auc, part.reals_called_fake,
                  part.fakes_called_fake, part.inconclusive)  # fmt: skip
        cells = "".join(
            f'<td class="number" data-label="{name}">{_told(value)}</td>'
            for name, value in zip(heads, values, strict=True)
        )
        body += f"<tr><td>{escape(part.axis)}: <b>{escape(part.name)}</b></td>{cells}</tr>"
    return (
        '<section><h2>Part by part</h2><div class="scroll"><table class="stack"><thead><tr>'
        f'<th scope="col">part</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        '<p class="note">The fakes of a part are set against all reals, its reals against all '
        "fakes. Parts of a few files say little.</p></section>"
    )


def _with_room(parts: Sequence[Slice]) -> list[Slice]:
    """Choose of each axis the parts of most files."""
    ranks: Counter[str] = Counter()
    shown = []
    for part in sorted(parts, key=lambda part: -(part.reals + part.fakes)):
        ranks[part.axis] += 1
        if ranks[part.axis] <= MOST_PARTS:
            shown.append(part)
    return [part for part in parts if part in shown]


def _told(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def _mistakes(rows: Scored, out: Path) -> str:
    """Show the files whose probability lies farthest on the wrong side, with their faces."""
    worst = sorted(rows.outcomes, key=_wrongness, reverse=True)[:MOST_MISTAKES]
    figures = "".join(_mistake(o, out) for o in worst if _wrongness(o) > 0.5)
    if not figures:
        return (
            "<section><h2>Mistakes</h2><p>None: every file leans to the right side.</p></section>"
        )
    return (
        '<section><h2>The worst mistakes</h2><p class="note">Beside each file\'s most suspicious '
        "face: where the model looked.</p>"
        f'<div class="crops mistakes">{figures}</div></section>'
    )


def _wrongness(outcome: Outcome) -> float:
    p_fake = outcome.answer.p_fake or 0.0
    return 1 - p_fake if outcome.media.is_fake else p_fake


def _mistake(outcome: Outcome, out: Path) -> str:
    media, answer = outcome.media, outcome.answer
    truth = "fake" if media.is_fake else "real"
    path = out / FACES / answer.picture
    shown = ""
    if answer.picture and path.is_file():
        shown = f'<img alt="its most suspicious face" src="{data_uri(path.read_bytes())}">'
    return (
        f"<figure>{shown}<figcaption>in truth <b>{truth}</b>, p(fake) "
        f"{escape(probability(answer.p_fake))}, called {answer.label}<br>"
        f"<bdi>{escape(media.file)}</bdi></figcaption></figure>"
    )


def _silent(outcomes: Sequence[Outcome]) -> str:
    """List the files without a probability, and why."""
    items = "".join(
        f"<li><bdi>{escape(o.media.file)}</bdi>: {escape(o.answer.message or 'no face')}</li>"
        for o in [o for o in outcomes if o.answer.p_fake is None][:MOST_LINES]
    )
    return f"<section><h2>Without a verdict</h2><ul>{items}</ul></section>" if items else ""
