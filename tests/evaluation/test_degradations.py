from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facetell import weights
from facetell.errors import NotMedia
from facetell.evaluation.degradations import (
    BY_NAME,
    DEGRADATIONS,
    Degradation,
    JitteredDetector,
    write_copy,
)
from facetell.evaluation.filters import Pixels, cropped, painted, printed, smoothed
from facetell.faces import Face, load_detector
from facetell.video import Frame, Sampling, open_video
from tests.media import Recipe, make_video

SAMPLE = Path(weights.__file__).parent / "data" / "samples" / "astronaut_real.mp4"


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
    if degradation.change is not BY_NAME["copied"].change and degradation.change is not painted:
        assert found[3].rgb.shape != whole[3].rgb.shape or (found[3].rgb != whole[3].rgb).any()


def test_a_third_of_the_frames_is_gone_and_the_others_keep_their_times(clip: Path) -> None:
    times_s = [f.time_s for f in copy_of(clip, "a third of frames dropped")]
    assert 12 <= len(times_s) <= 28
    assert {round(t * 30) for t in times_s} < set(range(30))


def test_slowed_frames_lie_twice_as_far_apart(clip: Path) -> None:
    times_s = [f.time_s for f in copy_of(clip, "slowed to half")]
    assert times_s[-1] == pytest.approx(2 * frames(clip)[-1].time_s, abs=2e-3)


def test_a_still_lasts_as_long_as_the_video(clip: Path) -> None:
    found, whole = copy_of(clip, "a still as video"), frames(clip)
    assert [f.time_s for f in found] == pytest.approx([f.time_s for f in whole], abs=1e-3)
    assert all((f.rgb == found[0].rgb).all() for f in found)
    assert not all((f.rgb == whole[0].rgb).all() for f in whole)


def test_a_crop_keeps_the_middle() -> None:
    rgb = np.zeros((40, 80, 3), np.uint8)
    rgb[5:35, 10:70] = 200
    found = cropped(0.75)(rgb, np.random.default_rng(0))
    assert found.shape == (30, 60, 3)
    assert (found == 200).all()


def test_a_print_has_the_tones_of_paper_and_is_held_by_a_hand() -> None:
    rgb = np.full((120, 160, 3), 255, np.uint8)
    rgb[:, 80:] = 0
    rng = np.random.default_rng(0)
    first, second = printed(rgb, rng), printed(rgb, rng)
    assert first.shape == rgb.shape
    assert (first != second).any()  # the hand trembles
    white, black = (first[40:80, part].mean((0, 1)) for part in (slice(30, 60), slice(100, 130)))
    assert white[0] > white[2] + 8  # yellowish
    assert 200 < white.mean() < 245
    assert 25 < black.mean() < 50
    assert first[2, 2].astype(int) == pytest.approx(96, abs=12)  # the table around it


def test_dots_of_a_print_make_stripes() -> None:
    grey = np.full((120, 160, 3), 128, np.uint8)
    found = printed(grey, np.random.default_rng(0))[20:100, 20:140].astype(np.float32)
    assert found.mean(2).std() > 1


def test_smoothing_takes_texture_and_leaves_edges() -> None:
    rng = np.random.default_rng(0)
    rgb = np.full((60, 80, 3), 60, np.uint8)
    rgb[:, 40:] = 180
    rough = np.clip(rgb + rng.normal(0, 8, rgb.shape), 0, 255).astype(np.uint8)
    found = smoothed(rough, rng).astype(np.float32)
    assert found[:, :30].std() < 0.6 * rough[:, :30].std()
    assert found[:, 44:].mean() - found[:, :36].mean() > 110


def test_paint_lies_on_the_face_alone() -> None:
    with open_video(SAMPLE) as video:
        rgb = next(iter(video.frames(Sampling("all")))).rgb
    (face,) = load_detector(1).detect(rgb)
    changed = (painted(rgb, np.random.default_rng(0)) != rgb).any(2)
    x0, y0, x1, y1 = (round(edge) for edge in face.box_xyxy)
    grown = np.zeros_like(changed)
    half = (x1 - x0) // 2  # whiskers reach beyond the box
    grown[max(y0 - half, 0) : y1 + half, max(x0 - half, 0) : x1 + half] = True
    assert 0.1 < changed[y0:y1, x0:x1].mean() < 0.9
    assert not (changed & ~grown).any()
    blank = np.full((90, 90, 3), 128, np.uint8)
    assert (painted(blank, np.random.default_rng(0)) == blank).all()


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
