"""A Moment → the JSON that programs read; docs/live.md describes each key."""

from __future__ import annotations

from typing import Any

from facetell.live.moment import LiveFace, LiveVerdict, Moment

_DIGITS = 4


def to_record(moment: Moment) -> dict[str, Any]:
    """Return what JSON can hold."""
    return {
        "frame": moment.frame,
        "time_s": round(moment.time_s, 3),
        "width": moment.width,
        "height": moment.height,
        "p_fake": _rounded(moment.p_fake),
        "faces": [_face(face) for face in moment.faces],
        "left_out": moment.left_out,
        "verdict": verdict_record(moment.verdict),
    }


def verdict_record(verdict: LiveVerdict) -> dict[str, Any]:
    """Return the verdict's part of it."""
    return {
        "label": verdict.label,
        "p_fake": _rounded(verdict.p_fake),
        "confidence": _rounded(verdict.confidence),
        "certainty": _rounded(verdict.certainty),
        "frames": verdict.frames,
        "span_s": round(verdict.span_s, 3),
        "reasons": list(verdict.reasons),
    }


def _face(face: LiveFace) -> dict[str, Any]:
    return {
        "track": face.track,
        "box_xyxy": [round(edge, 1) for edge in face.box_xyxy],
        "quality": round(face.quality, 3),
        "p_fake": _rounded(face.p_fake),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
