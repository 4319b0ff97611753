"""The log of a run → curves of loss, accuracy and AUC, and the confusion matrix, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facetell.errors import MissingDependency
from facetell.train.checkpoint import save_whole

Records = Sequence[Mapping[str, float]]

CURVES: Mapping[str, Mapping[str, str]] = {
    "loss": {"train_loss": "training", "loss": "validation"},
    "accuracy": {"accuracy": "validation, clips"},
    "auc": {
        "auc": "head over time",
        "frame_auc": "mean of frames",
        "source_auc": "sources weighing the same",
    },
}
"""The plots, and which numbers of the log each shows under which name."""

TITLES = {"loss": "Loss", "accuracy": "Accuracy", "auc": "AUC"}
CONFUSION = ("true_real", "false_fake", "false_real", "true_fake")


def draw_curves(records: Records, folder: Path) -> list[Path]:
    """Write loss.png, accuracy.png, auc.png and, where there was a look, confusion.png.

    Args:
        records: the run's log.
        folder: where to.

    Returns:
        What was written.

    Raises:
        MissingDependency: matplotlib is not installed.
        OutputError: the folder cannot be written.
    """
    paths = [folder / f"{name}.png" for name in CURVES]
    for name, path in zip(CURVES, paths, strict=True):
        _save(_curve(name, records), path)
    looks = [r for r in records if all(key in r for key in CONFUSION)]
    if looks:
        paths.append(folder / "confusion.png")
        _save(_confusion([int(looks[-1][key]) for key in CONFUSION]), paths[-1])
    return paths


def _curve(name: str, records: Records) -> Any:
    figure = _figure(5.2, 3.2)
    axes = figure.add_subplot()
    for key, label in CURVES[name].items():
        points = [(r["step"], r[key]) for r in records if key in r]
        if points:
            axes.plot(*zip(*points, strict=True), label=label, marker="." * (len(points) < 60))
    if name != "loss":
        axes.set_ylim(0, 1)
        axes.axhline(0.5, color="gray", linewidth=0.8, linestyle=":")
    axes.set_xlabel("step")
    axes.set_ylabel(TITLES[name])
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    return figure


def _confusion(counts: Sequence[int]) -> Any:
    figure = _figure(3.6, 3.2)
    axes = figure.add_subplot()
    table = [list(counts[:2]), list(counts[2:])]
    axes.imshow(table, cmap="Blues", vmin=0)
    most = max(*counts, 1)
    for row, values in enumerate(table):
        for column, count in enumerate(values):
            colour = "white" if count > most / 2 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour)
    axes.set_xticks([0, 1], ["called real", "called fake"])
    axes.set_yticks([0, 1], ["real", "fake"])
    axes.set_title("Clips of validation, at a logit of 0")
    return figure


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependency('plots need matplotlib: pip install "facetell[train]"') from error
    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Any, path: Path) -> None:
    save_whole(path, lambda file: figure.savefig(file, format="png", dpi=120))
