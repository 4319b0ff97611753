"""Why a verdict is what it is, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from facetell.pooling import MIN_DECIDING_WEIGHT, p_fake_of
from facetell.selection import Selection, place_of
from facetell.tally import Track
from facetell.verdict import Label
from facetell.weights import ModelCard
from facetell.wording import counted, probability, span

POOR_QUALITY = 0.3
"""Mean quality of a face below which the reader is warned."""

_MOST_PARTS = 3


@dataclass(frozen=True, slots=True)
class FaceCount:
    """What was seen before anything was scored.

    Attributes:
        frames_read: frames looked at.
        found: detections in them, of any size.
        largest_px: longer side of the largest of these, 0 if there was none.
        min_px: smaller faces were not scored.
    """

    frames_read: int
    found: int
    largest_px: float
    min_px: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What is to be explained.

    Attributes:
        label: of the video.
        p_fake: of the video, None without a face.
        tracks: all that were scored, the most suspicious first.
        deciding: the track whose score became the video's.
        count: of frames and faces.
        selection: the part that was asked for; None if all of the file.
    """

    label: Label
    p_fake: float | None
    tracks: tuple[Track, ...]
    deciding: Track | None
    count: FaceCount
    selection: Selection | None = None


def explain(findings: Findings, card: ModelCard) -> tuple[str, ...]:
    """Return the reasons, the most important first."""
    if findings.deciding is None or findings.p_fake is None:
        return (_no_face(findings), *_stretch(findings.selection))
    return (
        _side(findings, findings.p_fake, card),
        _seen(findings),
        *_stretch(findings.selection),
        *_choice(findings.selection, findings.deciding),
        *_where(findings.deciding, card),
        *_looks(findings, findings.p_fake, findings.deciding),
        *_poor(findings.deciding),
        *_left_out(findings, findings.deciding, card),
        *_unmeasured(card),
    )


def _no_face(findings: Findings) -> str:
    frames = counted(findings.count.frames_read, "frame")
    if not findings.count.found:
        return f"No face was found in {frames}."
    if findings.selection and findings.selection.face:
        place = place_of(findings.selection.face)
        return f"Nothing was judged: {place}, which was asked for, was not found or is too small."
    return (
        f"Every face found in {frames} is too small to be scored: the largest has "
        f"{findings.count.largest_px:.0f} px, at least {findings.count.min_px} px are needed."
    )


def _side(findings: Findings, p_fake: float, card: ModelCard) -> str:
    upper, lower = card.thresholds.fake, card.thresholds.real
    told = f"p(fake) {probability(p_fake)}"
    if findings.label == "fake":
        return f"{told} is at or above {upper:.2f}, from where on facetell says fake."
    if findings.label == "real":
        return f"{told} is at or below {lower:.2f}, up to where facetell says real."
    if p_fake <= lower:
        return f"{told} is low, but the faces are seen too briefly or poorly to say real."
    if p_fake >= upper:
        return f"{told} is high, but the face is seen too briefly or poorly to say fake."
    return f"{told} lies between {lower:.2f} (real) and {upper:.2f} (fake)."


def _seen(findings: Findings) -> str:
    faces = counted(len(findings.tracks), "face")
    scored = len(np.unique(np.concatenate([track.frames[:, 0] for track in findings.tracks])))
    return f"{faces} scored in {scored} of {counted(findings.count.frames_read, 'frame')}."


def _stretch(selection: Selection | None) -> Iterator[str]:
    if selection and selection.stretch_s:
        yield f"Only {span(*selection.stretch_s)} of the video was analysed, as asked."


def _choice(selection: Selection | None, deciding: Track) -> Iterator[str]:
    if selection and selection.face:
        yield (
            f"Only {place_of(selection.face)} was judged, as asked: face {deciding.id}, "
            "as if there were no other."
        )


def _where(track: Track, card: ModelCard) -> Iterator[str]:
    """Name the seconds that look fake."""
    stretch = track.pool.stretch
    if stretch is not None:
        p_fake = probability(p_fake_of(stretch.logit, card.calibration))
        when = span(stretch.start_s, stretch.end_s)
        yield f"Face {track.id} is most suspicious at {when}, with p(fake) {p_fake} there."
        return
    suspicious = _suspicious(track, card)
    if suspicious.all() and len(suspicious) > 1:
        yield f"Face {track.id} looks fake throughout."
    elif suspicious.any() and len(suspicious) > 1:
        parts = _parts(track, suspicious)
        more = f" and {len(parts) - _MOST_PARTS} more" if len(parts) > _MOST_PARTS else ""
        yield f"Face {track.id} looks fake at {', '.join(parts[:_MOST_PARTS])}{more}."


def _suspicious(track: Track, card: ModelCard) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    p_fake = [p_fake_of(logit, card.calibration) for logit in track.clip_logits.tolist()]
    return np.array(p_fake) >= card.thresholds.fake


def _parts(track: Track, suspicious: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[str]:
    """Join neighbouring clips that look fake, the longest runs first."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], suspicious.astype(np.int8), [0]])))
    runs = sorted(zip(edges[::2], edges[1::2] - 1, strict=True), key=lambda run: run[0] - run[1])
    return [span(*track.clip_times_s[[first, last]].tolist()) for first, last in runs]


def _looks(findings: Findings, p_fake: float, deciding: Track) -> Iterator[str]:
    """Say why a video may have less than its worst face."""
    count = len(findings.tracks)
    if count > 1:
        yield (
            f"Face {deciding.id} is the most suspicious of {count}: p(fake) "
            f"{probability(deciding.p_fake)} by itself, {probability(p_fake)} after correcting for "
            "how many faces were looked at."
        )


def _unmeasured(card: ModelCard) -> Iterator[str]:
    if not card.calibration.fitted:
        yield (
            f"The model {card.name} was never calibrated: p(fake) is its own number, and how often "
            "it errs is not known."
        )


def _poor(track: Track) -> Iterator[str]:
    if track.quality < POOR_QUALITY:
        yield (
            f"Face {track.id} is tiny, blurred or turned away (quality {track.quality:.2f} of 1), "
            "so that its score counts less."
        )


def _left_out(findings: Findings, deciding: Track, card: ModelCard) -> Iterator[str]:
    """Name the faces that would have been called fake, had they been seen better."""
    for track in findings.tracks:
        p_fake = p_fake_of(track.pool.logit, card.calibration)
        poor = track.pool.weight < MIN_DECIDING_WEIGHT and track is not deciding
        if poor and p_fake >= card.thresholds.fake:
            yield (
                f"Face {track.id} alone has p(fake) {probability(p_fake)}, but is seen too briefly "
                "or poorly to decide."
            )
