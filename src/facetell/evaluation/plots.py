"""Numbers → plots as SVG, drawn twice: for light and for dark pages."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from facetell.errors import MissingDependency
from facetell.evaluation.measures import Scored
from facetell.evaluation.summary import Row, Summary
from facetell.report.style import DARK, LIGHT
from facetell.train.metrics import curve

Palette = dict[str, str]
Draw = Callable[[Any, Palette], None]
"""Draws on matplotlib's Axes, in colours of a palette."""

WIDTH_IN, HEIGHT_IN = 4.6, 3.6
MOST_SOURCES = 40
MOST_DOTS = 2000
"""More are drawn as pixels: each dot of an SVG is a hundred bytes."""
CHANCE = {"linestyle": "--", "linewidth": 1}


def svg(draw: Draw, palette: Palette, height_in: float = HEIGHT_IN) -> bytes:
    """Draw one plot.

    Raises:
        MissingDependency: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependency(
            "plots need matplotlib: pip install 'facetell[train]', or leave out --out"
        ) from error
    with rc_context(_style(palette)):
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        draw(figure.add_subplot(), palette)
        file = io.BytesIO()
        # Without a date and random names the same numbers give the same file.
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return file.getvalue()


def both(draw: Draw, height_in: float = HEIGHT_IN) -> tuple[bytes, bytes]:
    """Draw one plot for light and for dark pages."""
    return svg(draw, LIGHT, height_in), svg(draw, DARK, height_in)


def _style(palette: Palette) -> Any:
    text, line = palette["muted"], palette["line"]
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "facetell",
        "font.family": "sans-serif",
        "font.size": 9.5,
        "text.color": text,
        "axes.labelcolor": text,
        "axes.edgecolor": line,
        "xtick.color": text,
        "ytick.color": text,
        "grid.color": line,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }


def roc(rows: Scored) -> Draw:
    """Draw the ROC curve."""

    def draw(axes: Any, palette: Palette) -> None:
        found = curve(rows.is_fake, rows.p_fake)
        axes.plot([0, 1], [0, 1], color=palette["muted"], **CHANCE)
        axes.step(
            found.false_positive, found.true_positive, where="post", color=palette["series-0"]
        )
        _unit(axes, "share of reals called fake", "share of fakes called fake")

    return draw


def precision_recall(rows: Scored) -> Draw:
    """Draw the precision-recall curve."""

    def draw(axes: Any, palette: Palette) -> None:
        found = curve(rows.is_fake, rows.p_fake)
        axes.axhline(rows.is_fake.mean(), color=palette["muted"], **CHANCE)
        axes.step(found.true_positive, found.precision, where="pre", color=palette["series-0"])
        _unit(axes, "recall: share of fakes found", "precision")

    return draw


def reliability_plot(summary: Summary) -> Draw:
    """Draw the reliability diagram."""

    def draw(axes: Any, palette: Palette) -> None:
        axes.plot([0, 1], [0, 1], color=palette["muted"], **CHANCE)
        x = [b.p_fake for b in summary.reliability]
        y = [b.fakes for b in summary.reliability]
        axes.plot(x, y, marker="o", color=palette["series-0"])
        _unit(axes, "mean p(fake) of a bin", "share of fakes in it")

    return draw


def histograms(rows: Scored, summary: Summary) -> Draw:
    """Draw how reals and fakes score, with the two thresholds."""

    def draw(axes: Any, palette: Palette) -> None:
        edges = np.linspace(0, 1, 21)
        for is_fake, name in ((False, "real"), (True, "fake")):
            values = rows.p_fake[rows.is_fake == is_fake]
            style = {"color": palette[name], "label": name}
            axes.hist(values, edges, histtype="stepfilled", alpha=0.35, **style)
            axes.hist(values, edges, histtype="step", color=palette[name])
        axes.axvline(summary.thresholds.real, color=palette["real"], **CHANCE)
        axes.axvline(summary.thresholds.fake, color=palette["fake"], **CHANCE)
        axes.set(xlim=(0, 1), xlabel="p(fake)", ylabel="files")
        axes.legend()

    return draw


def by_source(rows: Scored) -> Draw:
    """Draw each file as a dot, a line a source."""

    def draw(axes: Any, palette: Palette) -> None:
        names = sources_drawn(rows)
        place = np.array([names.get(source, np.nan) for source in rows.sources])
        spread = np.random.default_rng(0).uniform(-0.25, 0.25, len(place))
        for is_fake, name, marker in ((False, "real", "o"), (True, "fake", "x")):
            chosen = rows.is_fake == is_fake
            axes.scatter(
                rows.p_fake[chosen],
                (place + spread)[chosen],
                s=16,
                marker=marker,
                color=palette[name],
                label=name,
                rasterized=len(place) > MOST_DOTS,
            )
        axes.set(xlim=(0, 1), xlabel="p(fake)", yticks=range(len(names)))
        axes.set_yticklabels([_short(name) for name in names])
        axes.legend(loc="upper left", bbox_to_anchor=(0, 1.14), ncols=2)

    return draw


def sources_drawn(rows: Scored) -> dict[str, int]:
    """Return the sources that have room, those of most files, each with its line in the plot."""
    largest = [name for name, _ in Counter(rows.sources).most_common(MOST_SOURCES)]
    return {name: place for place, name in enumerate(sorted(largest, reverse=True))}


def frames_plot(by_frames: Sequence[Row]) -> Draw:
    """Draw AUC and accuracy against the number of frames, with the seconds that they take."""

    def draw(axes: Any, palette: Palette) -> None:
        rows = sorted(by_frames, key=lambda row: int(row.name) if row.name.isdecimal() else 10**9)
        places = range(len(rows))
        for name, values, colour in (
            ("video AUC", [row.auc for row in rows], "series-0"),
            ("accuracy at 0.5", [row.accuracy for row in rows], "series-1"),
        ):
            axes.plot(places, values, marker="o", color=palette[colour], label=name)
        low, high = [row.low for row in rows], [row.high for row in rows]
        axes.fill_between(places, low, high, color=palette["series-0"], alpha=0.15)
        axes.set(xlabel="frames, and seconds a file with one thread", ylim=(0, 1.02))
        axes.set_xticks(places, [f"{row.name}\n{row.seconds:.1f} s" for row in rows])
        axes.legend(loc="lower right")

    return draw


def robustness_plot(rows: Sequence[Row]) -> Draw:
    """Draw AUC with its interval and the false positives, a line a degradation."""

    def draw(axes: Any, palette: Palette) -> None:
        places = np.arange(len(rows))[::-1]
        for row, place in zip(rows, places, strict=True):
            axes.plot([row.low, row.high], [place] * 2, color=palette["series-0"], alpha=0.4)
        axes.plot([row.auc for row in rows], places, "o", color=palette["series-0"], label="AUC")
        false = [row.false_positives for row in rows]
        axes.plot(false, places, "x", color=palette["fake"], label="reals called fake")
        axes.set(xlim=(-0.02, 1.02), yticks=places)
        axes.set_yticklabels([row.name for row in rows])
        axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)

    return draw


def rows_height_in(count: int) -> float:
    """Height of a plot with a line for each of so many things."""
    return max(HEIGHT_IN, 0.9 + 0.22 * count)


def _unit(axes: Any, x: str, y: str) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=x, ylabel=y)


def _short(name: str, longest: int = 26) -> str:
    """Cut a name, and take from it what matplotlib reads as mathematics."""
    name = name.replace("$", "")
    return name if len(name) <= longest else f"…{name[1 - longest :]}"
