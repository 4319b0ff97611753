"""Why a verdict is what it is, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from facetell.pooling import MIN_DECIDING_WEIGHT, p_fake_of
from facetell.selection import Selection, place_of
from facetell.tally import Track
from facetell.verdict import Label
from facetell.weights import ModelCard
from facetell.wording import Sentence, gettext_noop, probability, span

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
    frames = _frames(findings.count.frames_read)
    if not findings.count.found:
        return Sentence("No face was found in {frames}.", frames=frames)
    if findings.selection and findings.selection.face:
        place = place_of(findings.selection.face)
        return Sentence(
            "Nothing was judged: {place}, which was asked for, was not found or is too small.",
            place=place,
        )
    return Sentence(
        "Every face found in {frames} is too small to be scored: the largest has {largest} px, "
        "at least {smallest} px are needed.",
        frames=frames,
        largest=f"{findings.count.largest_px:.0f}",
        smallest=findings.count.min_px,
    )


def _side(findings: Findings, p_fake: float, card: ModelCard) -> str:
    limits = {"upper": f"{card.thresholds.fake:.2f}", "lower": f"{card.thresholds.real:.2f}"}
    return Sentence(_side_pattern(findings.label, p_fake, card), p=probability(p_fake), **limits)


def _side_pattern(label: Label, p_fake: float, card: ModelCard) -> str:
    if label == "fake":
        return gettext_noop("p(fake) {p} is at or above {upper}, from where on facetell says fake.")
    if label == "real":
        return gettext_noop("p(fake) {p} is at or below {lower}, up to where facetell says real.")
    if p_fake <= card.thresholds.real:
        return gettext_noop(
            "p(fake) {p} is low, but the faces are seen too briefly or poorly to say real."
        )
    if p_fake >= card.thresholds.fake:
        return gettext_noop(
            "p(fake) {p} is high, but the face is seen too briefly or poorly to say fake."
        )
    return gettext_noop("p(fake) {p} lies between {lower} (real) and {upper} (fake).")


def _frames(number: int) -> str:
    return Sentence("{n} frame", n=1) if number == 1 else Sentence("{n} frames", n=number)


def _seen(findings: Findings) -> str:
    number = len(findings.tracks)
    scored = len(np.unique(np.concatenate([track.frames[:, 0] for track in findings.tracks])))
    return Sentence(
        "{faces} scored in {scored} of {frames}.",
        faces=Sentence("{n} face", n=1) if number == 1 else Sentence("{n} faces", n=number),
        scored=scored,
        frames=_frames(findings.count.frames_read),
    )


def _stretch(selection: Selection | None) -> Iterator[str]:
    if selection and selection.stretch_s:
        yield Sentence(
            "Only {stretch} of the video was analysed, as asked.",
            stretch=span(*selection.stretch_s),
        )


def _choice(selection: Selection | None, deciding: Track) -> Iterator[str]:
    if selection and selection.face:
        yield Sentence(
            "Only {place} was judged, as asked: face {face}, as if there were no other.",
            place=place_of(selection.face),
            face=deciding.id,
        )


def _where(track: Track, card: ModelCard) -> Iterator[str]:
    """Name the seconds that look fake."""
    stretch = track.pool.stretch
    if stretch is not None:
        yield Sentence(
            "Face {face} is most suspicious at {stretch}, with p(fake) {p} there.",
            face=track.id,
            stretch=span(stretch.start_s, stretch.end_s),
            p=probability(p_fake_of(stretch.logit, card.calibration)),
        )
        return
    suspicious = _suspicious(track, card)
    if suspicious.all() and len(suspicious) > 1:
        yield Sentence("Face {face} looks fake throughout.", face=track.id)
    elif suspicious.any() and len(suspicious) > 1:
        yield _named(track, _parts(track, suspicious))


def _named(track: Track, parts: Sequence[str]) -> str:
    places = ", ".join(parts[:_MOST_PARTS])
    if len(parts) <= _MOST_PARTS:
        return Sentence("Face {face} looks fake at {places}.", face=track.id, places=places)
    return Sentence(
        "Face {face} looks fake at {places} and {more} more.",
        face=track.id,
        places=places,
        more=len(parts) - _MOST_PARTS,
    )


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
        yield Sentence(
            "Face {face} is the most suspicious of {faces}: p(fake) {alone} by itself, {p} after "
            "correcting for how many faces were looked at.",
            face=deciding.id,
            faces=count,
            alone=probability(deciding.p_fake),
            p=probability(p_fake),
        )


def _unmeasured(card: ModelCard) -> Iterator[str]:
    if not card.calibration.fitted:
        yield Sentence(
            "The model {model} was never calibrated: p(fake) is its own number, and how often it "
            "errs is not known.",
            model=card.name,
        )


def _poor(track: Track) -> Iterator[str]:
    if track.quality < POOR_QUALITY:
        yield Sentence(
            "Face {face} is tiny, blurred or turned away (quality {quality} of 1), so that its "
            "score counts less.",
            face=track.id,
            quality=f"{track.quality:.2f}",
        )


def _left_out(findings: Findings, deciding: Track, card: ModelCard) -> Iterator[str]:
    """Name the faces that would have been called fake, had they been seen better."""
    for track in findings.tracks:
        p_fake = p_fake_of(track.pool.logit, card.calibration)
        poor = track.pool.weight < MIN_DECIDING_WEIGHT and track is not deciding
        if poor and p_fake >= card.thresholds.fake:
            yield Sentence(
                "Face {face} alone has p(fake) {p}, but is seen too briefly or poorly to decide.",
                face=track.id,
                p=probability(p_fake),
            )
