from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facetell.errors import NotMedia
from facetell.evaluation.degradations import (
    BY_NAME,
    DEGRADATIONS,
    Degradation,
    JitteredDetector,
    Pixels,
    write_copy,
)
from facetell.faces import Face
from facetell.video import Frame, Sampling, open_video
from tests.media import Recipe, make_video


def frames(path: Path) -> list[Frame]:
    with open_video(path) as video:
        return list(video.frames(Sampling("all")))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", Recipe(frames=30, size=(96, 64)))


def copy_of(clip: Path, name: str) -> list[Frame]:
    folder = clip.parent / "copies"
    folder.mkdir(exist_ok=True)
    return frames(write_copy(clip, folder, BY_NAME[name]))


def test_a_copy_is_the_file_itself(clip: Path) -> None:
    for ours, theirs in zip(frames(clip), copy_of(clip, "copied"), strict=True):
        np.testing.assert_array_equal(ours.rgb, theirs.rgb)
        assert ours.time_s == pytest.approx(theirs.time_s, abs=1e-3)


def test_h264_loses_more_the_higher_its_crf_and_keeps_colours(clip: Path) -> None:
    whole = frames(clip)

    def loss(name: str) -> float:
        pairs = zip(whole, copy_of(clip, name), strict=True)
        return float(np.mean([np.abs(a.rgb.astype(float) - b.rgb).mean() for a, b in pairs]))

    assert 0 < loss("H.264 CRF 23") < loss("H.264 CRF 40") < 12
    colours = [f.rgb[:20, :20].mean((0, 1)) for f in (whole[15], copy_of(clip, "H.264 CRF 23")[15])]
    np.testing.assert_allclose(colours[0], colours[1], atol=4)


@pytest.mark.parametrize("degradation", DEGRADATIONS, ids=lambda d: d.name)
def test_every_degradation_gives_a_file_that_can_be_read(
    clip: Path, degradation: Degradation
) -> None:
    found, whole = copy_of(clip, degradation.name), frames(clip)
    assert found
    if degradation.change is not BY_NAME["copied"].change:
        assert found[3].rgb.shape != whole[3].rgb.shape or (found[3].rgb != whole[3].rgb).any()


def test_a_third_of_the_frames_is_gone_and_the_others_keep_their_times(clip: Path) -> None:
    times_s = [f.time_s for f in copy_of(clip, "a third of frames dropped")]
    assert 12 <= len(times_s) <= 28
    assert {round(t * 30) for t in times_s} < set(range(30))


def test_slowed_frames_lie_twice_as_far_apart(clip: Path) -> None:
    times_s = [f.time_s for f in copy_of(clip, "slowed to half")]
    assert times_s[-1] == pytest.approx(2 * frames(clip)[-1].time_s, abs=2e-3)


def test_the_same_file_is_always_spoilt_alike(clip: Path) -> None:
    first, second = (copy_of(clip, "noise of 15 levels") for _ in range(2))
    np.testing.assert_array_equal(first[7].rgb, second[7].rgb)


def test_pictures_stay_pictures_and_have_no_time(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (65, 97, 3), np.uint8))
    folder = tmp_path / "copies"
    folder.mkdir()
    copied = frames(write_copy(path, folder, BY_NAME["copied"]))
    np.testing.assert_array_equal(frames(path)[0].rgb, copied[0].rgb)
    assert write_copy(path, folder, BY_NAME["H.264 CRF 40"]).suffix == ".png"
    with pytest.raises(NotMedia, match="has no time"):
        write_copy(path, folder, BY_NAME["slowed to half"])


def test_jittered_boxes_stay_near_and_move_anew() -> None:
    class Still:
        name = "centerface"

        def detect(self, rgb: Pixels) -> list[Face]:
            return [Face((10, 20, 110, 220), 0.9, np.zeros((5, 2), np.float32))]

    detector = JitteredDetector(Still(), 0.05)
    picture = np.zeros((300, 300, 3), np.uint8)
    boxes = np.array([detector.detect(picture)[0].box_xyxy for _ in range(100)])
    assert np.ptp(boxes[:, 0]) > 5
    assert np.abs(boxes - (10, 20, 110, 220)).max() <= 20
    assert detector.name == "centerface"
