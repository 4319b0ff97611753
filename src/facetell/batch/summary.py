"""The shards of a batch → one HTML page: counts, kinds of error, the most suspicious videos."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from facetell.batch.progress import duration
from facetell.batch.results import read_shard, shards
from facetell.errors import OutputError
from facetell.report.icons import icon
from facetell.report.page import escape, page
from facetell.report.statements import LIMITS, TITLES
from facetell.verdict import LABELS
from facetell.wording import printable, probability

PAGE = "summary.html"
LISTED = 100
"""Videos in the table: those that a person would look at first."""
_COLUMNS = ["path", "label", "p_fake", "error", "elapsed_s", "media"]
_BINS = 20


@dataclass(slots=True)
class Summary:
    """What all rows say together.

    Attributes:
        labels: how many rows of each.
        errors: how many of each code, and `examples` the message of one.
        suspicious: (p_fake, path) of the highest.
        bins: how many p_fake in each twentieth from 0 to 1.
        duration_s: of all videos whose length is known.
        elapsed_s: of all analyses, added up.
    """

    labels: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    suspicious: list[tuple[float, str]] = field(default_factory=list)
    bins: list[int] = field(default_factory=lambda: [0] * _BINS)
    duration_s: float = 0.0
    elapsed_s: float = 0.0

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self.labels.total()


def summarise(root: Path) -> Summary:
    """Read all shards of a folder, one at a time.

    Raises:
        OutputError: one is damaged.
    """
    found = Summary()
    for path in shards(root):
        for row in read_shard(path, _COLUMNS).to_pylist():
            found.labels[row["label"]] += 1
            found.elapsed_s += row["elapsed_s"]
            found.duration_s += (row["media"] or {}).get("duration_s") or 0.0
            if error := row["error"]:
                found.errors[error["code"]] += 1
                found.examples.setdefault(error["code"], error["message"])
            if (p_fake := row["p_fake"]) is not None:
                found.bins[min(int(p_fake * _BINS), _BINS - 1)] += 1
                found.suspicious.append((p_fake, row["path"]))
        found.suspicious = heapq.nlargest(LISTED, found.suspicious)
    return found


def write_summary(root: Path) -> Summary:
    """Write summary.html over all shards of a folder, and return what it says.

    Raises:
        OutputError: a shard is damaged, or the page cannot be written.
    """
    found = summarise(root)
    try:
        (root / PAGE).write_text(render(found, datetime.now(UTC)), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{root / PAGE}: cannot write: {error.strerror}") from error
    return found


def counts_line(found: Summary) -> str:
    """One line for a terminal."""
    named = [f"{count:,} {label}" for label in LABELS if (count := found.labels[label])]
    return f"{_videos(found)}: {', '.join(named) or 'none'}"


def render(found: Summary, made_at: datetime) -> str:
    """Write the page."""
    took = f"{duration(found.duration_s)} of video, {duration(found.elapsed_s)} of analysis"
    body = (
        f'<section><h1>{_videos(found)}</h1><p class="lead">{took}.</p>'
        f"{_labels(found)}</section>{_spread(found)}{_suspicious(found)}{_errors(found)}"
        f"<section><h2>What this can't tell</h2><ul>"
        f"{''.join(f'<li>{escape(limit)}</li>' for limit in LIMITS)}</ul></section>"
    )
    return page("Batch", body, made_at)


def _videos(found: Summary) -> str:
    return "1 video" if found.total == 1 else f"{found.total:,} videos"


def _labels(found: Summary) -> str:
    rows = (
        f'<tr><td><span class="word {label}">{icon(label)} {TITLES[label]}</span></td>'
        f'<td class="number">{found.labels[label]:,}</td>'
        f'<td class="number">{100 * found.labels[label] / max(found.total, 1):.1f} %</td></tr>'
        for label in LABELS
    )
    return _table(("Verdict", "Videos", "Share"), rows, numbers=(1, 2))


def _spread(found: Summary) -> str:
    """A histogram of p(fake)."""
    highest = max(*found.bins, 1)
    width = 100 / _BINS
    bars = "".join(
        f'<rect class="bar" x="{k * width:.1f}%" y="{100 - 100 * count / highest:.2f}%" '
        f'width="{width - 0.4:.1f}%" height="{100 * count / highest:.2f}%">'
        f"<title>{count:,} from {k / _BINS:.2f}</title></rect>"
        for k, count in enumerate(found.bins)
    )
    return (
        '<section><h2>p(fake) of all videos</h2><div class="chart">'
        f'<svg class="plot" role="img" aria-label="how many videos have which p(fake)">{bars}'
        '<text x="0" y="100%" dy="1.2em">0: real</text>'
        '<text x="100%" y="100%" dy="1.2em" text-anchor="end">1: fake</text></svg></div></section>'
    )


def _suspicious(found: Summary) -> str:
    if not found.suspicious:
        return ""
    rows = (
        f'<tr><td class="number">{escape(probability(p_fake))}</td>'
        f'<td class="path"><bdi>{escape(path)}</bdi></td></tr>'
        for p_fake, path in found.suspicious
    )
    table = _table(("p(fake)", "File"), rows, numbers=(0,))
    return f"<section><h2>The most suspicious</h2>{table}</section>"


def _errors(found: Summary) -> str:
    if not found.errors:
        return ""
    rows = (
        f'<tr><td><code>{escape(code)}</code></td><td class="number">{count:,}</td>'
        f'<td class="path">{escape(printable(found.examples[code]))}</td></tr>'
        for code, count in found.errors.most_common()
    )
    table = _table(("Error", "Videos", "One of them"), rows, numbers=(1,))
    return f"<section><h2>Not analysed</h2>{table}</section>"


def _table(heads: tuple[str, ...], rows: Iterator[str], numbers: tuple[int, ...]) -> str:
    head = "".join(
        f'<th scope="col"{" class=number" if place in numbers else ""}>{name}</th>'
        for place, name in enumerate(heads)
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
