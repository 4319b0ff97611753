from __future__ import annotations

from pathlib import Path

import pytest

from facetell.errors import FacetellError, NotMedia
from facetell.verdict import (
    LABELS,
    Label,
    ModelReference,
    confidence_of,
    error_verdict,
    label_of,
)
from facetell.weights import Thresholds, find

THRESHOLDS = Thresholds(fake=0.8, real=0.3)


@pytest.mark.parametrize(
    ("p_fake", "label"),
    [
        (1.0, "fake"),
        (0.8, "fake"),
        (0.799, "inconclusive"),
        (0.301, "inconclusive"),
        (0.3, "real"),
        (0.0, "real"),
    ],
)
def test_thresholds_belong_to_their_label(p_fake: float, label: Label) -> None:
    assert label_of(p_fake, THRESHOLDS) == label


def test_confidence_is_the_probability_of_the_side_taken() -> None:
    assert confidence_of("fake", 0.9) == 0.9
    assert confidence_of("real", 0.1) == 0.9
    assert confidence_of("inconclusive", 0.4) == 0.6
    assert confidence_of("inconclusive", 0.7) == 0.7
    assert confidence_of("no_face", None) is None
    assert confidence_of("error", None) is None


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (NotMedia("a.mp4: empty"), "not_media", "a.mp4: empty"),
        (FacetellError("no"), "error", "no"),
        (ZeroDivisionError("by zero"), "internal", "ZeroDivisionError: by zero"),
    ],
)
def test_an_error_is_a_verdict_without_a_probability(
    error: Exception, code: str, message: str, tiny_card_path: Path
) -> None:
    model = ModelReference.of(find(tiny_card_path))
    verdict = error_verdict(Path("a.mp4"), error, model=model, elapsed_s=1.5)
    assert verdict.label == "error"
    assert verdict.p_fake is None
    assert verdict.confidence is None
    assert verdict.error is not None
    assert (verdict.error.code, verdict.error.message) == (code, message)
    assert verdict.tracks == ()
    assert verdict.timeline == ()
    assert verdict.evidence == ()
    assert verdict.model == model
    assert verdict.elapsed_s == 1.5


def test_labels_are_the_five_that_programs_know() -> None:
    assert LABELS == ("fake", "real", "inconclusive", "no_face", "error")
