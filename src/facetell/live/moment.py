"""What a live analysis says after each frame."""

from __future__ import annotations

from dataclasses import dataclass

from facetell.faces import Box
from facetell.verdict import Label


@dataclass(frozen=True, slots=True)
class LiveFace:
    """One face of the newest frame.

    Attributes:
        track: number of the person's track, from 1.
        box_xyxy: pixels of the frame.
        quality: 0–1, how much it can tell.
        p_fake: 0–1, calibrated for this face alone over the last seconds; None if it was not
            scored: too small, one too many, or its first clip is not complete yet.
    """

    track: int
    box_xyxy: Box
    quality: float
    p_fake: float | None


@dataclass(frozen=True, slots=True)
class LiveVerdict:
    """The verdict on the last minute, as a file of these frames would get it.

    Attributes:
        label: "fake", "real", "inconclusive" or "no_face".
        p_fake: 0–1, calibrated; None without a face.
        confidence: the probability of the side that p_fake leans to, as in `facetell.verdict`.
        certainty: 0–1, how likely the label stays if the picture goes on so; see `certainty`.
        frames: frames that it rests on.
        span_s: seconds from the first to the last of them.
        reasons: plain sentences, the most important first.
    """

    label: Label
    p_fake: float | None
    confidence: float | None
    certainty: float | None
    frames: int
    span_s: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known after one frame.

    Attributes:
        frame: number of the frame among those analysed, from 0.
        time_s: its time.
        width: of the frame, pixels.
        height: likewise.
        faces: in it, the largest first.
        left_out: large enough to be scored, but beyond `LiveSettings.max_faces`.
        p_fake: rolling probability: of the last seconds, all faces pooled; None without a score.
        verdict: on the last minute.
    """

    frame: int
    time_s: float
    width: int
    height: int
    faces: tuple[LiveFace, ...]
    left_out: int
    p_fake: float | None
    verdict: LiveVerdict
