"""Verdicts made by hand: the reports need no video and no model to be tested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from facetell.verdict import (
    Evidence,
    Media,
    ModelReference,
    TimelinePoint,
    TrackVerdict,
    Verdict,
)
from facetell.weights import (
    BurstSampling,
    Calibration,
    CropGeometry,
    InputSpec,
    Metric,
    ModelCard,
    Thresholds,
)


class MakeVerdict(Protocol):
    """Makes a verdict of two faces; keyword arguments replace its fields."""

    def __call__(self, **changes: Any) -> Verdict: ...


@pytest.fixture
def card() -> ModelCard:
    return ModelCard(
        path=Path("models/default.json"),
        name="default",
        version="1.0",
        file="default.onnx",
        sha256="b" * 64,
        architecture="EfficientNet-Lite0, LSTM 256, attention pooling",
        input=InputSpec(224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        crop=CropGeometry("centerface", 1.0, 0.0, 224),
        sampling=BurstSampling(0.1, 5),
        positive_class="fake",
        calibration=Calibration(1.0, 0.0, -1.0, 1.0),
        thresholds=Thresholds(fake=0.71, real=0.33),
        metrics=(
            Metric("video AUC", 0.8123, 0.77, 0.85, 199, "validation clips"),
            Metric("reals called fake", 0.05, None, None, 100, "validation clips"),
        ),
        trained_on="face pairs and clips",
        terms="research only <b>",
        limits=("Faces of fewer than 64 pixels are judged poorly.",),
        made="train/default.toml",
    )


@pytest.fixture
def make_verdict(card: ModelCard) -> MakeVerdict:
    def make(**changes: Any) -> Verdict:
        return replace(two_faces(card), **changes)

    return make


def two_faces(card: ModelCard) -> Verdict:
    """Ten seconds with a suspicious face 3 and a harmless face 1."""
    return Verdict(
        path=Path("interview.mp4"),
        sha256="a" * 64,
        label="fake",
        p_fake=0.925,
        confidence=0.925,
        media=Media("mp4", "h264", 1280, 720, 25.0, 10.0, False, 0, False, 32),
        tracks=(
            TrackVerdict(3, 0.94, 0.5, 9.5, 32, 0.81),
            TrackVerdict(1, 0.12, 0.5, 9.5, 30, 0.64),
        ),
        timeline=timeline(),
        evidence=(evidence(3, 4.25, 0.97), evidence(3, 7.5, 0.91), evidence(1, 2.0, 0.30)),
        reasons=(
            "p(fake) 0.93 is at or above 0.71.",
            "2 faces scored in 32 frames.",
            "Face 3 is most suspicious from 3 s to 6 s.",
        ),
        warnings=("The file ends early, at 9.6 s of 10.0 s.",),
        model=ModelReference.of(card),
        facetell_version="0.1.0",
        elapsed_s=1.25,
    )


def timeline() -> tuple[TimelinePoint, ...]:
    """Seven bursts of five frames a face."""
    times_s = [burst * 1.4 + 0.5 + step * 0.1 for burst in range(7) for step in range(5)]
    points = []
    for time_s in times_s:
        for track, height in ((1, 0.10), (3, 0.80)):
            p_fake = height + 0.1 * np.sin(time_s * 3).item()
            box = (100.0 + track, 50.0, 200.04, 180.0)
            points.append(TimelinePoint(round(time_s, 3), track, p_fake, box, 0.8))
    return tuple(points)


def evidence(track: int, time_s: float, p_fake: float) -> Evidence:
    """A grey crop with one hot place at the upper left."""
    crop = np.full((64, 64, 3), 128, np.uint8)
    crop[..., 0] = 180
    heatmap = np.zeros((7, 7), np.float32)
    heatmap[1:3, 1:3] = 1.0
    return Evidence(track, time_s, p_fake, crop, heatmap)
