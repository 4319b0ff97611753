"""Measures a model on labelled videos through the shipped pipeline, and calibrates its card.

    python benchmarks/validation.py DATA [--model CARD] [--split validation] [--csv OUT]
        [--calibrate CARD]

DATA holds labels.csv (path, label, method, manipulation, source, split) and the videos. Printed
are the video AUC with its interval by source, the AUC in which each source weighs the same, the
error rates at the card's thresholds, and a line a kind of manipulation. With --calibrate the card
is written anew with slope, intercept and thresholds fitted on these videos.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facetell import Analyzer, FacetellError, Options
from facetell.train.calibrate import Aims, calibrate, choose_thresholds
from facetell.train.metrics import auc, bootstrap, source_auc
from facetell.weights import ModelCard

AIMS = Aims(false_alarms=0.05, misses=0.10)


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled video and what the pipeline said of it; `logit` before calibration."""

    path: str
    is_fake: bool
    kind: str
    source: str
    label: str
    p_fake: float
    logit: float


def kind_of(manipulation: str) -> str:
    """Sort a manipulation as labels.csv names it into one of four kinds."""
    if manipulation == "none":
        return "real"
    if manipulation.startswith("faceswap"):
        return "face swap"
    if manipulation.startswith("lipsync"):
        return "lip-sync"
    return "portrait brought to life"


def score(data: Path, split: str, analyzer: Analyzer) -> list[Scored]:
    """Run the pipeline over a split; videos without a usable face are named and left out."""
    found = []
    with (data / "labels.csv").open(newline="", encoding="utf-8") as file:
        # a file that is listed twice counts once
        rows = {r["path"]: r for r in csv.DictReader(file) if split in (r["split"], "all")}
    for row in rows.values():
        try:
            verdict = analyzer.analyze(data / row["path"])
        except FacetellError as error:
            print(f"left out: {error}")
            continue
        if verdict.p_fake is None:
            print(f"left out: {row['path']}: {verdict.label}")
            continue
        found.append(_scored(row, verdict.label, verdict.p_fake, analyzer.card))
    return found


def _scored(row: dict[str, str], label: str, p_fake: float, card: ModelCard) -> Scored:
    p = min(max(p_fake, 1e-12), 1 - 1e-12)
    fitted = card.calibration
    logit = (math.log(p / (1 - p)) - fitted.intercept) / fitted.slope
    kind = kind_of(row["manipulation"])
    return Scored(row["path"], row["label"] == "fake", kind, row["source"], label, p_fake, logit)


def report(scored: list[Scored]) -> list[dict[str, object]]:
    """Print the table; return the metrics as a card lists them."""
    fake = np.array([s.is_fake for s in scored])
    p = np.array([s.p_fake for s in scored])
    sources = [s.source for s in scored]
    low, high = bootstrap(auc, fake, p, sources)
    print(f"{len(scored)} videos of {len(set(sources))} sources, {int(fake.sum())} of them fake")
    print(f"video AUC {auc(fake, p):.3f} ({low:.3f} to {high:.3f}, by source)")
    print(f"video AUC, sources weighing the same {source_auc(fake, p, sources):.3f}")
    metrics = [_metric("video_auc", auc(fake, p), low, high, len(scored), "validation clips")]
    same = source_auc(fake, p, sources)
    by_source = _metric("video_auc_by_source", same, None, None, len(scored), "validation clips")
    metrics.append(by_source)
    for kind in ("face swap", "lip-sync", "portrait brought to life"):
        chosen = np.array([s.kind in (kind, "real") for s in scored])
        value = auc(fake[chosen], p[chosen])
        count = int((fake & chosen).sum())
        print(f"  {kind}: AUC {value:.3f}, {count} fakes against all reals")
        metrics.append(_metric(f"video_auc {kind}", value, None, None, count, "validation clips"))
    return metrics + _rates(scored)


def _rates(scored: list[Scored]) -> list[dict[str, object]]:
    metrics = []
    for name, fakes in (("real", False), ("fake", True)):
        labels = [s.label for s in scored if s.is_fake == fakes]
        shares = {k: labels.count(k) / len(labels) for k in ("fake", "inconclusive", "real")}
        print(f"  {name} videos called " + ", ".join(f"{k} {v:.1%}" for k, v in shares.items()))
        for called, share in shares.items():
            title = f"{name} called {called}"
            metrics.append(_metric(title, share, None, None, len(labels), "validation clips"))
    return metrics


def _metric(
    name: str, value: float, low: float | None, high: float | None, n: int, on: str
) -> dict[str, object]:
    ends = [None if x is None else round(x, 4) for x in (low, high)]
    return {
        "name": name, "value": round(value, 4), "low": ends[0], "high": ends[1], "n": n, "on": on,
    }  # fmt: skip


def recalibrate(path: Path, scored: list[Scored]) -> None:
    """Write a card's calibration and thresholds anew."""
    fake = np.array([s.is_fake for s in scored])
    logits = np.array([s.logit for s in scored])
    fitted = calibrate(logits, fake)
    p: npt.NDArray[np.float64] = 1 / (1 + np.exp(-(fitted.slope * logits + fitted.intercept)))
    chosen = choose_thresholds(p, fake, AIMS)
    card = json.loads(path.read_text(encoding="utf-8"))
    names = ("slope", "intercept", "real_mean", "real_std")
    card["calibration"] = {k: round(getattr(fitted, k), 5) for k in names}
    card["thresholds"] = {"fake": chosen.fake, "real": chosen.real}
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{path}: {card['calibration']} {card['thresholds']}")


def main() -> None:
    """Parse, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("data", type=Path, help="folder with labels.csv")
    parser.add_argument("--model", default="default")
    parser.add_argument("--split", default="validation", help="as in labels.csv, or all")
    parser.add_argument("--frames", type=int, default=Options().frames)
    parser.add_argument("--csv", type=Path, help="write a line a video")
    parser.add_argument("--metrics", type=Path, help="write the metrics as JSON")
    parser.add_argument("--calibrate", type=Path, metavar="CARD", help="fit this card anew")
    chosen = parser.parse_args()
    analyzer = Analyzer(Options(frames=chosen.frames, model=chosen.model))
    scored = score(chosen.data, chosen.split, analyzer)
    metrics = report(scored)
    if chosen.csv:
        with chosen.csv.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(Scored.__dataclass_fields__)
            writer.writerows([getattr(s, k) for k in Scored.__dataclass_fields__] for s in scored)
    if chosen.metrics:
        chosen.metrics.write_text(json.dumps(metrics, indent=1), encoding="utf-8")
    if chosen.calibrate:
        recalibrate(chosen.calibrate, scored)


if __name__ == "__main__":
    main()
