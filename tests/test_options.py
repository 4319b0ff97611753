from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from facetell.errors import UsageError
from facetell.options import FRAME_CHOICES, Options


def test_it_has_the_defaults_that_the_documentation_names() -> None:
    options = Options()
    assert (options.frames, options.model, options.threads) == (32, "default", 0)
    assert (options.min_face_px, options.max_evidence) == (32, 8)
    assert options.keep_features is False
    assert options.runtime == "onnxruntime"


@pytest.mark.parametrize("frames", [*FRAME_CHOICES, 1, 7, "all"])
def test_it_takes_any_number_of_frames_and_all(frames: Any) -> None:
    assert Options(frames=frames).frames == frames


@pytest.mark.parametrize(
    "settings",
    [
        {"frames": 0},
        {"frames": -1},
        {"frames": 2.5},
        {"frames": "some"},
        {"frames": None},
        {"runtime": "tensorrt"},
        {"runtime": None},
        {"threads": -1},
        {"min_face_px": 0},
        {"max_evidence": -1},
        {"start_s": -0.5},
        {"start_s": float("nan")},
        {"end_s": float("inf")},
        {"end_s": 0.0},
        {"face": (1.0, 2.0)},
        {"face": (-1.0, 2.0, 3.0)},
        {"face": (1.0, float("nan"), 3.0)},
    ],
)
def test_it_refuses_what_makes_no_sense(settings: dict[str, Any]) -> None:
    (name,) = settings
    with pytest.raises(UsageError, match=name):
        Options(**settings)


def test_it_refuses_a_part_that_ends_before_it_starts() -> None:
    assert Options(start_s=2, end_s=2.5).end_s == 2.5
    with pytest.raises(UsageError, match=r"end_s is 2: it must come after start_s, 3"):
        Options(start_s=3, end_s=2)
    with pytest.raises(UsageError, match="end_s is 3"):
        Options(start_s=3, end_s=3)


def test_it_refuses_a_face_outside_of_the_part() -> None:
    assert Options(start_s=1, end_s=2, face=(1, 0, 0)).face == (1, 0, 0)
    for time_s in (0.9, 2):
        with pytest.raises(UsageError, match=f"face is at {time_s} s: that is outside"):
            Options(start_s=1, end_s=2, face=(time_s, 0, 0))


def test_it_cannot_be_changed_but_compared_and_hashed() -> None:
    options = Options(frames=20)
    with pytest.raises(FrozenInstanceError):
        options.frames = 40  # type: ignore[misc]
    assert options == Options(frames=20)
    assert len({options, Options(frames=20), Options()}) == 2
