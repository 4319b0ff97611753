"""Verdict → JSON, the stable contract for programs; docs/json.md describes each key."""

from __future__ import annotations

import json
import math
from typing import Any

from facetell.report.statements import all_reasons
from facetell.verdict import ModelReference, Verdict

SCHEMA_VERSION = 1
"""Grows when a key changes its meaning or goes; new keys may come without that."""


def to_dict(verdict: Verdict) -> dict[str, Any]:
    """The JSON object of a verdict, as plain Python values.

    Probabilities have 6 decimals, times 3, boxes 1; nothing is NaN or infinite.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "path": str(verdict.path),
        "sha256": verdict.sha256,
        "label": verdict.label,
        "p_fake": _number(verdict.p_fake, 6),
        "confidence": _number(verdict.confidence, 6),
        "media": _media(verdict),
        "tracks": _tracks(verdict),
        "timeline": _timeline(verdict),
        "reasons": all_reasons(verdict.reasons, verdict.warnings),
        "warnings": list(verdict.warnings),
        "selection": _selection(verdict),
        "model": _model(verdict.model),
        "facetell_version": verdict.facetell_version,
        "elapsed_s": _number(verdict.elapsed_s, 3),
        "error": _error(verdict),
    }


def to_line(verdict: Verdict) -> str:
    """The object on one line of ASCII, safe in any pipe, terminal and encoding."""
    return json.dumps(to_dict(verdict), allow_nan=False)


def to_document(verdict: Verdict) -> str:
    """The same object, indented, as it stands in report.json."""
    return json.dumps(to_dict(verdict), allow_nan=False, indent=2) + "\n"


def _number(value: float | None, decimals: int) -> float | None:
    """JSON knows no NaN; a number that isn't one is unknown."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), decimals)


def _media(verdict: Verdict) -> dict[str, Any] | None:
    if (media := verdict.media) is None:
        return None
    return {
        "duration_s": _number(media.duration_s, 3),
        "width": int(media.width),
        "height": int(media.height),
        "fps": _number(media.fps, 3),
        "frames_read": int(media.frames_read),
    }


def _tracks(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {
            "id": int(track.id),
            "p_fake": _number(track.p_fake, 6),
            "start_s": _number(track.start_s, 3),
            "end_s": _number(track.end_s, 3),
            "frames": int(track.frames),
            "quality": _number(track.quality, 3),
        }
        for track in verdict.tracks
    ]


def _timeline(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {
            "time_s": _number(point.time_s, 3),
            "track": int(point.track),
            "p_fake": _number(point.p_fake, 6),
            "box_xyxy": [_number(edge, 1) for edge in point.box_xyxy],
        }
        for point in verdict.timeline
    ]


def _selection(verdict: Verdict) -> dict[str, Any] | None:
    if (part := verdict.selection) is None:
        return None
    start_s, end_s = part.stretch_s or (None, None)
    face = None
    if part.face:
        time_s, x, y = part.face
        face = {"time_s": _number(time_s, 3), "x_px": _number(x, 1), "y_px": _number(y, 1)}
    return {"start_s": _number(start_s, 3), "end_s": _number(end_s, 3), "face": face}


def _model(model: ModelReference | None) -> dict[str, Any] | None:
    if model is None:
        return None
    named = {"name": model.name, "version": model.version, "sha256": model.sha256}
    return named | {"members": [_model(member) for member in model.members]}


def _error(verdict: Verdict) -> dict[str, str] | None:
    if (error := verdict.error) is None:
        return None
    return {"code": error.code, "message": error.message}
