from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("pyarrow")

from facetell.errors import UsageError
from facetell.faces import load_detector
from facetell.train.face_clips import MODEL_CROP, ClipSettings, find_faces, new_clip, take_crops
from facetell.train.layouts import Media
from tests.media import Recipe, make_picture, make_video

SAMPLES = Path(__file__).parents[2] / "src/facetell/data/samples"
REAL = SAMPLES / "astronaut_real.mp4"
MEDIA = Media("real/a.mp4", False, "page", "g")


def test_clips_are_the_models_square_with_its_margin(tmp_path: Path) -> None:
    settings = ClipSettings(frames=8)
    (clip,) = find_faces(REAL, settings, load_detector(1))
    assert clip.pixels.shape == (8, 3, 288, 288)
    assert np.diff(clip.times_s) == pytest.approx(0.1, abs=0.021)  # 25 frames a second
    # the detector sees the same face in the crop, as large as the margin says
    crop = np.ascontiguousarray(clip.pixels[0].transpose(1, 2, 0))
    box = load_detector(1).detect(crop)[0].box_xyxy
    side = np.sqrt((box[2] - box[0]) * (box[3] - box[1]))
    assert 288 / side == pytest.approx(1.3 * MODEL_CROP.scale, rel=0.1)


def test_several_clips_are_spread_and_do_not_overlap() -> None:
    clips = find_faces(REAL, ClipSettings(frames=8, clips=3), load_detector(1))
    assert [len(clip.times_s) for clip in clips] == [8, 8, 8]
    assert {clip.track_id for clip in clips} == {clips[0].track_id}
    for before, after in pairwise(clips):
        assert before.times_s[-1] < after.times_s[0]
    assert clips[-1].times_s[-1] - clips[0].times_s[0] > 2.5  # of 4 s


def test_a_video_shorter_than_a_clip_gives_what_it_has() -> None:
    (clip,) = find_faces(REAL, ClipSettings(frames=64), load_detector(1))
    assert 35 <= len(clip.times_s) <= 40  # 4 s, ten a second


def test_a_rate_that_does_not_fit_the_step_gives_no_more_clips(tmp_path: Path) -> None:
    recipe = Recipe(frames=74, rate_hz=24, size=(96, 96))  # two bursts of every second frame
    path = make_video(tmp_path / "a.mp4", recipe)
    (clip,) = take_crops(path, ClipSettings(frames=32, crop_margin=1.1))
    assert 15 <= len(clip.times_s) <= 32
    assert np.diff(clip.times_s) == pytest.approx(1 / 12)


def test_a_still_is_a_clip_of_one(tmp_path: Path) -> None:
    with av.open(str(REAL)) as container:
        rgb = np.asarray(next(container.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)
    path = make_picture(tmp_path / "a.png", rgb)
    (clip,) = find_faces(path, ClipSettings(), load_detector(1))
    assert clip.pixels.shape == (1, 3, 288, 288)


def test_no_face_gives_no_clip(tmp_path: Path) -> None:
    assert find_faces(make_video(tmp_path / "a.mp4"), ClipSettings(), load_detector(1)) == []


def two_faces(path: Path) -> Path:
    """The sample beside itself at a third of its size."""
    shutil.copy(REAL, path.with_name("source.mp4"))
    with av.open(str(REAL)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 512 + 170, 512, "yuv420p"
        for frame in source.decode(video=0):
            large = frame.to_ndarray(format="rgb24")
            small = cv2.resize(large, (170, 170), interpolation=cv2.INTER_AREA)
            rgb = np.full((512, 682, 3), 90, np.uint8)
            rgb[:, :512], rgb[100:270, 512:] = large, small
            target.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        target.mux(stream.encode())
    return path


def test_the_best_face_comes_first_and_more_if_asked_for(tmp_path: Path) -> None:
    path = two_faces(tmp_path / "two.mp4")
    detector = load_detector(1)
    (one,) = find_faces(path, ClipSettings(frames=6), detector)
    assert np.diff(one.boxes_xyxy[0, [0, 2]]) > 60
    assert one.boxes_xyxy[0, 2] < 512
    two = find_faces(path, ClipSettings(frames=6, faces=2), detector)
    assert len({clip.track_id for clip in two}) == 2


def test_crops_are_taken_as_they_are(tmp_path: Path) -> None:
    path = make_video(tmp_path / "crop.mp4", Recipe(frames=12, rate_hz=10, size=(96, 96)))
    (clip,) = take_crops(path, ClipSettings(frames=8, crop_margin=1.1))
    assert clip.pixels.shape == (8, 3, 96, 96)
    large = make_video(tmp_path / "large.mp4", Recipe(frames=12, rate_hz=10, size=(400, 400)))
    assert take_crops(large, ClipSettings(frames=8, crop_margin=1.1))[0].pixels.shape[-1] == 288


def test_a_crop_must_be_square(tmp_path: Path) -> None:
    path = make_video(tmp_path / "wide.mp4", Recipe(size=(96, 64)))
    with pytest.raises(UsageError, match="96x64 is no square"):
        take_crops(path, ClipSettings(crop_margin=1.1))


def test_a_record_says_where_the_clip_comes_from() -> None:
    (clip,) = find_faces(REAL, ClipSettings(frames=6), load_detector(1))
    made = new_clip(clip, MEDIA, "d", 1.3, None)
    record = made.record
    assert record.clip == f"d/real/a.mp4#{clip.track_id}.{clip.burst}"
    assert (record.dataset, record.file, record.group) == ("d", "real/a.mp4", "d/g")
    assert (record.frames, record.side_px, record.margin) == (6, 288, 1.3)
    assert 0 < record.quality <= 1
    assert made.points is None


@pytest.mark.parametrize(
    "wrong", [{"frames": 0}, {"side_px": 8}, {"margin": 0.5}, {"crop_margin": 9}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        ClipSettings(**wrong)
