"""The tally of one video → its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facetell import __version__
from facetell.evidence import Exhibit
from facetell.features import FrameFeatures
from facetell.pooling import MIN_DECIDING_WEIGHT, Floats, p_fake_of, pool_video
from facetell.reasons import FaceCount, Findings, explain
from facetell.selection import Selection
from facetell.tally import Tally, Track
from facetell.verdict import (
    Evidence,
    Label,
    Media,
    ModelReference,
    TimelinePoint,
    TrackVerdict,
    Verdict,
    confidence_of,
    label_of,
)
from facetell.weights import Calibration, ModelCard

TIMELINE_POINTS = 3600
"""Most points of one track: one a second in an hour. Longer tracks are averaged."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a file besides its scores."""

    path: Path
    sha256: str
    media: Media
    count: FaceCount
    warnings: tuple[str, ...]
    selection: Selection | None = None


def judge(
    case: Case, tally: Tally, card: ModelCard, features: FrameFeatures | None, elapsed_s: float
) -> Verdict:
    """Pool a video's scores into its verdict."""
    tracks = tally.tracks(case.media.frames_read)
    label, p_fake, deciding = _decide(tracks, card)
    findings = Findings(label, p_fake, tuple(tracks), deciding, case.count, case.selection)
    return Verdict(
        path=case.path,
        sha256=case.sha256,
        label=label,
        p_fake=p_fake,
        confidence=confidence_of(label, p_fake),
        media=case.media,
        tracks=tuple(_track_verdict(track) for track in tracks),
        timeline=_timeline(tracks, card.calibration),
        evidence=_evidence(tally.exhibits.most_suspicious_first(), card.calibration),
        reasons=explain(findings, card),
        warnings=case.warnings,
        model=ModelReference.of(card),
        facetell_version=__version__,
        elapsed_s=elapsed_s,
        features=features,
        selection=case.selection,
    )


def _decide(tracks: Sequence[Track], card: ModelCard) -> tuple[Label, float | None, Track | None]:
    if not tracks:
        return "no_face", None, None
    logit, position = pool_video([track.pool for track in tracks], card.calibration)
    p_fake = p_fake_of(logit, card.calibration)
    # A poor glimpse shows no forgery, and that there is none it shows even less.
    weight = {
        "fake": tracks[position].pool.weight,
        "real": sum(track.pool.weight for track in tracks),
        "inconclusive": 1.0,
    }
    label = label_of(p_fake, card.thresholds)
    if weight[label] < MIN_DECIDING_WEIGHT:
        label = "inconclusive"
    return label, p_fake, tracks[position]


def _track_verdict(track: Track) -> TrackVerdict:
    times_s = track.frames[:, 0]
    return TrackVerdict(
        id=track.id,
        p_fake=track.p_fake,
        start_s=float(times_s[0]),
        end_s=float(times_s[-1]),
        frames=len(times_s),
        quality=track.quality,
    )


def _timeline(tracks: Sequence[Track], calibration: Calibration) -> tuple[TimelinePoint, ...]:
    points = [
        TimelinePoint(
            time_s=row[0],
            track=track.id,
            p_fake=p_fake_of(row[1], calibration),
            box_xyxy=(row[2], row[3], row[4], row[5]),
            quality=row[6],
        )
        for track in tracks
        for row in thinned(track.frames, TIMELINE_POINTS).tolist()
    ]
    return tuple(sorted(points, key=lambda point: (point.time_s, point.track)))


def thinned(rows: Floats, limit: int) -> Floats:
    """Average neighbouring rows, (N, C), until there are at most `limit`."""
    group = -(-len(rows) // limit)
    if group <= 1:
        return rows
    starts = np.arange(0, len(rows), group)
    sizes = np.diff(np.append(starts, len(rows)))
    means: Floats = np.add.reduceat(rows, starts, axis=0) / sizes[:, None]
    return means


def _evidence(exhibits: Sequence[Exhibit], calibration: Calibration) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            track=found.track_id,
            time_s=found.time_s,
            p_fake=p_fake_of(found.logit, calibration),
            crop=found.crop,
            heatmap=found.heatmap,
        )
        for found in exhibits
    )
