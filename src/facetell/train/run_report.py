"""A run's log → summary.json, summary.html (one file, nothing fetched) and its plots as PNG."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from facetell import __version__
from facetell.report.style import SHEET, content_security_policy
from facetell.train.checkpoint import save_whole
from facetell.train.config import RunConfig
from facetell.train.curves import Records, draw_curves
from facetell.train.validation import watched

SUMMARY = "summary"
MEANINGS = {
    "loss": "cross-entropy of the clips",
    "accuracy": "share of clips on the right side of a logit of 0",
    "auc": "AUC of the clips, by the head over time",
    "frame_auc": "AUC of the clips, by the mean of their frames",
    "source_auc": "AUC of the clips, every source weighing the same",
    "stills_auc": "AUC of the single frames",
    "clips_auc": "AUC of the longer clips",
    "true_real": "reals called real",
    "false_fake": "reals called fake",
    "false_real": "fakes called real",
    "true_fake": "fakes called fake",
    "strength": "inverse strength of the regularisation",
    "left_out_auc": "AUC on training sources left out",
}


def summarise(config: RunConfig, records: Records) -> dict[str, object]:
    """Return what came of a run, as plain values.

    Args:
        config: the run.
        records: its log.
    """
    looks = [dict(r) for r in records if "accuracy" in r]
    best = max(looks, key=lambda r: (watched(r, config.watch), r["step"]), default=None)
    return {
        "facetell_version": __version__,
        "steps": int(records[-1]["step"]) if records else 0,
        "stopped_early": bool(records) and _stopped_early(config, records),
        "watch": config.watch,
        "best": best,
        "last": looks[-1] if looks else None,
        "looks": looks,
        "config": json.loads(json.dumps(config.as_record())),
    }


def _stopped_early(config: RunConfig, records: Records) -> bool:
    return config.heads == "trained" and records[-1]["step"] < config.steps


def write_report(config: RunConfig, out: Path, records: Records) -> None:
    """Write summary.json, summary.html and the plots into a run's folder.

    Raises:
        MissingDependency: matplotlib is not installed.
        OutputError: the folder cannot be written.
    """
    summary = summarise(config, records)
    _write(out / f"{SUMMARY}.json", json.dumps(summary, indent=1))
    pictures = draw_curves(records, out)
    _write(out / f"{SUMMARY}.html", render(summary, pictures))


def _write(path: Path, text: str) -> None:
    save_whole(path, lambda file: file.write(text.encode()))


def render(summary: Mapping[str, object], pictures: Sequence[Path]) -> str:
    """Write a summary and its plots as one page."""
    best, last, config = (summary[key] for key in ("best", "last", "config"))
    assert isinstance(config, dict)
    plots = "".join(_picture(path) for path in pictures)
    ended = "stopped early" if summary["stopped_early"] else "complete"
    settings = {key: json.dumps(value) for key, value in config.items()}
    watch = html.escape(str(summary["watch"]))
    lead = (
        f"<h1>Training run</h1><p>{summary['steps']} steps, {ended}. In bold what tells the best "
        f"weights: {watch} on validation, at crops. A model's error rates come from "
        "<code>facetell evaluate</code>, on clips that no choice was made on.</p>"
    )
    parts = (
        lead,
        f"<h2>Validation</h2>{_looks(best, last, watch)}",
        f"<h2>Curves</h2>{plots}",
        f"<h2>Settings</h2>{_table(('setting', 'value'), list(settings.items()))}",
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_security_policy()}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Training run</title><style>{SHEET}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _looks(best: object, last: object, watch: str) -> str:
    if not isinstance(best, dict) or not isinstance(last, dict):
        return "<p>No look at validation yet.</p>"
    rows = [
        (f"{meaning} ({key})", _number(best[key]), _number(last[key]))
        for key, meaning in MEANINGS.items()
        if key in best and key in last
    ]
    rows.insert(0, ("step", _number(best["step"]), _number(last["step"])))
    return _table(("", "best", "last"), rows, bold=f"({watch})")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and value > 1 else f"{value:.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], bold: str = "") -> str:
    body = "".join(_line(r, "td", bool(bold) and r[0].endswith(bold)) for r in rows)
    return f"<table><thead>{_line(head, 'th')}</thead><tbody>{body}</tbody></table>"


def _line(cells: Sequence[str], tag: str, bold: bool = False) -> str:
    shown = [f"<b>{html.escape(cell)}</b>" if bold else html.escape(cell) for cell in cells]
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in shown) + "</tr>"


def _picture(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    picture = f'<img alt="{html.escape(path.stem)}" src="data:image/png;base64,{data}">'
    return f'<div class="scroll">{picture}</div>'
