"""Pooled scores → the verdict on one file: a label, a probability, the evidence and the reasons.

An error is a verdict of its own, without a probability; it is never `real` and never 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from facetell.ensemble import EnsembleCard
from facetell.errors import FacetellError
from facetell.features import FrameFeatures
from facetell.selection import Selection
from facetell.weights import ModelCard, Thresholds

Label = Literal["fake", "real", "inconclusive", "no_face", "error"]

LABELS: tuple[Label, ...] = ("fake", "real", "inconclusive", "no_face", "error")


@dataclass(frozen=True, slots=True)
class Media:
    """What the file holds; sizes as displayed, after rotation and pixel aspect."""

    container: str
    codec: str
    width: int
    height: int
    fps: float | None
    duration_s: float | None
    is_picture: bool
    rotation_deg: int
    hdr: bool
    frames_read: int


@dataclass(frozen=True, slots=True)
class ModelReference:
    """Which model judged, and what its users must know.

    Attributes:
        members: of an ensemble, else empty; `ensemble.EnsembleCard` says what `sha256` is then.
    """

    name: str
    version: str
    sha256: str
    terms: str
    limits: tuple[str, ...]
    members: tuple[ModelReference, ...] = ()

    @classmethod
    def of(cls, card: ModelCard) -> ModelReference:
        """Take from a card what belongs into every verdict."""
        each = card.members if isinstance(card, EnsembleCard) else ()
        members = tuple(cls.of(member) for member in each)
        return cls(card.name, card.version, card.sha256, card.terms, card.limits, members)


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """Why a file could not be analysed: `code` for programs, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TrackVerdict:
    """One face over time.

    Attributes:
        id: number of the track.
        p_fake: 0–1, calibrated for this face alone.
        start_s: first time at which it was scored, seconds.
        end_s: last time.
        frames: frames in which it was scored.
        quality: mean quality of these, 0–1.
    """

    id: int
    p_fake: float
    start_s: float
    end_s: float
    frames: int
    quality: float


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """One face at one moment; in a very long track, the mean over neighbouring frames."""

    time_s: float
    track: int
    p_fake: float
    box_xyxy: tuple[float, float, float, float]
    quality: float


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One of a track's most suspicious crops.

    Attributes:
        track: number of the track.
        time_s: its moment, seconds.
        p_fake: 0–1, of this frame.
        crop: what the model saw, uint8 RGB, (H, W, 3).
        heatmap: 0–1, how fake each region looks, float32, (h, w); it covers the whole crop.
    """

    track: int
    time_s: float
    p_fake: float
    crop: npt.NDArray[np.uint8]
    heatmap: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The answer to one file.

    Attributes:
        path: the file.
        sha256: of the file; None if it could not be read.
        label: "fake", "real", "inconclusive", "no_face" or "error".
        p_fake: 0–1, calibrated for the whole video; None for "no_face" and "error".
        confidence: 0–1, the probability of the side that p_fake leans to: p_fake for "fake",
            1 - p_fake for "real", the larger of both for "inconclusive"; None without p_fake.
        media: None if it could not be opened.
        tracks: each face that was scored, the most suspicious first.
        timeline: by time, then track.
        evidence: the most suspicious crops, the worst first.
        reasons: plain sentences that explain the label.
        warnings: what went wrong without stopping the analysis.
        model: None if none was loaded.
        facetell_version: of the program.
        elapsed_s: wall time of the analysis, seconds.
        features: kept only with `Options.keep_features`.
        error: only for "error".
        selection: the part that was analysed; None if it was all of the file.
    """

    path: Path
    sha256: str | None
    label: Label
    p_fake: float | None
    confidence: float | None
    media: Media | None
    tracks: tuple[TrackVerdict, ...]
    timeline: tuple[TimelinePoint, ...]
    evidence: tuple[Evidence, ...]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    model: ModelReference | None
    facetell_version: str
    elapsed_s: float
    features: FrameFeatures | None = None
    error: ErrorReport | None = None
    selection: Selection | None = None


def label_of(p_fake: float, thresholds: Thresholds) -> Label:
    """Name the side of the thresholds on which a probability lies.

    >>> label_of(0.5, Thresholds(fake=0.7, real=0.3))
    'inconclusive'
    """
    if p_fake >= thresholds.fake:
        return "fake"
    return "real" if p_fake <= thresholds.real else "inconclusive"


def confidence_of(label: Label, p_fake: float | None) -> float | None:
    """Return the probability of the side that a verdict leans to; None without a probability.

    >>> round(confidence_of("real", 0.1), 3), confidence_of("no_face", None)
    (0.9, None)
    """
    if p_fake is None:
        return None
    if label == "fake":
        return p_fake
    return 1 - p_fake if label == "real" else max(p_fake, 1 - p_fake)


def error_verdict(
    path: Path,
    error: Exception,
    *,
    sha256: str | None = None,
    model: ModelReference | None = None,
    elapsed_s: float = 0.0,
) -> Verdict:
    """Turn what stopped an analysis into a verdict, so that other files go on.

    An error that facetell foresees keeps its code; any other is "internal", a defect of ours.
    """
    from facetell import __version__

    if isinstance(error, FacetellError):
        report = ErrorReport(error.code, str(error))
    else:
        report = ErrorReport("internal", f"{type(error).__name__}: {error}")
    return Verdict(
        path=path,
        sha256=sha256,
        label="error",
        p_fake=None,
        confidence=None,
        media=None,
        tracks=(),
        timeline=(),
        evidence=(),
        reasons=(report.message,),
        warnings=(),
        model=model,
        facetell_version=__version__,
        elapsed_s=elapsed_s,
        error=report,
    )
