from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from facetell import faces, pipeline
from facetell.errors import (
    Cancelled,
    InputNotFound,
    MissingDependency,
    ModelAltered,
    ModelMismatch,
    ModelNotFound,
    NotMedia,
    UsageError,
)
from facetell.faces import Face
from facetell.options import Options
from facetell.pipeline import Analyzer, analyze, sha256_of
from facetell.selection import Selection
from facetell.tracks import Observation
from facetell.verdict import Verdict
from facetell.video import Frame
from tests.family import is_open
from tests.tiny_model import write_model

Picture = npt.NDArray[np.uint8]
RED, BLUE = (230, 40, 40), (40, 40, 230)
FPS = 10


class SquareDetector:
    """Finds the saturated squares that `scene` draws, in place of faces."""

    name = "centerface"

    def detect(self, rgb: Picture) -> list[Face]:
        saturated = np.ptp(rgb.astype(np.int16), axis=2) > 90
        count, _, stats, _ = cv2.connectedComponentsWithStats(saturated.astype(np.uint8))
        return [_face(*stats[i, :4].tolist()) for i in range(1, count) if stats[i, 4] > 20]


def _face(x: int, y: int, width: int, height: int) -> Face:
    parts = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)
    landmarks = parts * (width, height) + np.array([x, y], np.float32)
    return Face((x, y, x + width, y + height), 0.99, landmarks.astype(np.float32))


def scene(*squares: tuple[int, int, int, tuple[int, int, int]]) -> Picture:
    """Draw squares (left, top, side, colour) with some texture on grey."""
    rgb = np.full((120, 200, 3), 128, np.uint8)
    for left, top, side, colour in squares:
        patch = np.full((side, side, 3), colour, np.int16)
        patch[::4, ::4] -= 40
        rgb[top : top + side, left : left + side] = patch.clip(0, 255)
    return rgb


def write_video(path: Path, frames: list[Picture]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 200, 120, "yuv444p"
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(autouse=True)
def square_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "load_detector", lambda threads: SquareDetector())


@pytest.fixture
def scan(tiny_card_path: Path) -> Callable[..., Verdict]:
    def run(path: Path, **options: Any) -> Verdict:
        return analyze(path, model=tiny_card_path, threads=1, **options)

    return run


def test_it_tells_a_fake_from_a_real_video(scan: Callable[..., Verdict], tmp_path: Path) -> None:
    for colour, label in ((RED, "fake"), (BLUE, "real")):
        path = write_video(tmp_path / f"{label}.mp4", [scene((60, 30, 64, colour))] * 30)
        verdict = scan(path)
        assert verdict.label == label
        assert verdict.path == path
        assert verdict.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert verdict.media is not None
        assert (verdict.media.width, verdict.media.height) == (200, 120)
        assert verdict.media.frames_read == 30
        assert len(verdict.tracks) == 1
        assert verdict.error is None
        assert verdict.elapsed_s > 0


def test_it_takes_as_many_frames_as_asked(scan: Callable[..., Verdict], tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [scene((60, 30, 64, BLUE))] * 60)
    for wanted, found in ((10, 10), (32, 32), (1, 1), ("all", 60), (500, 60)):
        verdict = scan(path, frames=wanted)
        assert verdict.media is not None
        assert verdict.media.frames_read == found
        assert len(verdict.timeline) == found
        times_s = [point.time_s for point in verdict.timeline]
        assert times_s == sorted(set(times_s))


def test_it_analyses_only_the_part_that_is_chosen(
    scan: Callable[..., Verdict], tmp_path: Path
) -> None:
    drawn = [scene((60, 30, 64, colour)) for colour in [BLUE] * 50 + [RED] * 50]
    path = write_video(tmp_path / "a.mp4", drawn)
    first, second = scan(path, frames=20, end_s=5.0), scan(path, frames=20, start_s=5.0, end_s=99)
    assert (first.label, second.label) == ("real", "fake")
    assert first.selection == Selection((0.0, 5.0))
    assert second.selection == Selection((5.0, 10.0))
    assert all(0 <= point.time_s < 5 for point in first.timeline)
    assert all(5 <= point.time_s < 10 for point in second.timeline)
    assert len(first.timeline) == len(second.timeline) == 20
    assert "Only 0.0–5.0 s of the video was analysed, as asked." in first.reasons
    assert scan(path, frames=20).selection is None


def test_a_part_behind_the_end_is_refused(scan: Callable[..., Verdict], tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [scene()] * 30)
    with pytest.raises(UsageError, match=r"a\.mp4: cannot start at 3\.0 s"):
        scan(path, start_s=3.0)
    verdict = scan(path, start_s=2.0)
    assert verdict.reasons == (
        "No face was found in 10 frames.",
        "Only 2.0–3.0 s of the video was analysed, as asked.",
    )


def test_one_fake_face_beside_a_real_one_is_found(
    scan: Callable[..., Verdict], tmp_path: Path
) -> None:
    path = write_video(tmp_path / "a.mp4", [scene((10, 30, 64, BLUE), (120, 30, 64, RED))] * 30)
    verdict = scan(path)
    assert verdict.label == "fake"
    worst, other = verdict.tracks
    assert worst.p_fake > 0.9 > 0.1 > other.p_fake
    (left,) = {p.box_xyxy[0] > 100 for p in verdict.timeline if p.track == worst.id}
    assert left


def test_only_the_face_that_is_chosen_is_judged(
    scan: Callable[..., Verdict], tmp_path: Path
) -> None:
    # Red is at the left, then at the right: a place alone would not tell who is meant.
    first = scene((10, 30, 64, RED), (120, 30, 64, BLUE))
    second = scene((120, 30, 64, RED), (10, 30, 64, BLUE))
    path = write_video(tmp_path / "a.mp4", [first] * 200 + [second] * 200)
    for point, label in (
        ((11.0, 40, 60), "fake"),
        ((31.0, 40, 60), "real"),
        ((31.0, 150, 60), "fake"),
    ):
        verdict = scan(path, frames=20, face=point, keep_features=True)
        assert verdict.label == label
        (track,) = verdict.tracks
        assert track.frames > 20  # a burst around the moment is taken besides
        assert any(abs(seen.time_s - point[0]) < 0.05 for seen in verdict.timeline)
        assert {seen.track for seen in verdict.timeline} == {track.id}
        assert {found.track for found in verdict.evidence} == {track.id}
        assert verdict.features is not None
        assert set(verdict.features.track.tolist()) == {track.id}
        assert any(f"was judged, as asked: face {track.id}," in text for text in verdict.reasons)


def test_there_is_no_verdict_where_the_chosen_face_is_not(
    scan: Callable[..., Verdict], tmp_path: Path
) -> None:
    path = write_video(tmp_path / "a.mp4", [scene((10, 30, 64, RED))] * 30)
    verdict = scan(path, face=(1.0, 150, 60))
    assert verdict.label == "no_face"
    assert [*verdict.tracks, *verdict.timeline, *verdict.evidence] == []
    assert verdict.reasons[0] == (
        "Nothing was judged: the face at (150, 60) at 1.0 s, which was asked for, was not found "
        "or is too small."
    )


def test_one_face_of_a_picture_is_judged(scan: Callable[..., Verdict], tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture = scene((10, 30, 64, BLUE), (120, 30, 64, RED))
    cv2.imwrite(str(path), picture[..., ::-1])
    assert [scan(path, face=(0, x, 60)).label for x in (40, 150)] == ["real", "fake"]


def test_a_picture_is_judged(scan: Callable[..., Verdict], tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), scene((60, 30, 64, RED))[..., ::-1])
    verdict = scan(path)
    assert verdict.label == "fake"
    assert verdict.media is not None
    assert verdict.media.is_picture
    assert verdict.media.frames_read == len(verdict.timeline) == 1


def test_without_a_face_there_is_no_probability(
    scan: Callable[..., Verdict], tmp_path: Path
) -> None:
    verdict = scan(write_video(tmp_path / "a.mp4", [scene()] * 10))
    assert verdict.label == "no_face"
    assert verdict.p_fake is None
    assert verdict.reasons == ("No face was found in 10 frames.",)


def test_faces_that_are_too_small_are_not_scored(
    scan: Callable[..., Verdict], tmp_path: Path
) -> None:
    path = write_video(tmp_path / "a.mp4", [scene((60, 30, 24, RED))] * 10)
    verdict = scan(path)
    assert verdict.label == "no_face"
    assert "too small to be scored: the largest has 24 px" in verdict.reasons[0]
    assert scan(path, min_face_px=16).label == "fake"


def test_evidence_shows_the_crop_that_the_model_saw(
    scan: Callable[..., Verdict], tmp_path: Path
) -> None:
    path = write_video(tmp_path / "a.mp4", [scene((60, 30, 64, RED))] * 60)
    verdict = scan(path, max_evidence=3)
    assert 1 <= len(verdict.evidence) <= 3
    worst = verdict.evidence[0]
    assert worst.crop.shape == (32, 32, 3)
    assert worst.crop[..., 0].mean() > worst.crop[..., 2].mean() + 100
    assert 0.5 < worst.heatmap.mean() <= 1
    moments = sorted(found.time_s for found in verdict.evidence)
    assert all(np.diff(moments) >= 0.5)


def test_features_are_kept_when_asked(scan: Callable[..., Verdict], tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [scene((60, 30, 64, RED))] * 20)
    assert scan(path).features is None
    features = scan(path, keep_features=True).features
    assert features is not None
    assert features.features.shape == (20, 3)
    assert (features.frame_logit > 0).all()
    assert (np.diff(features.frame_index) > 0).all()


def test_progress_is_told_stage_by_stage_and_frame_by_frame(
    tiny_card_path: Path, tmp_path: Path
) -> None:
    path = write_video(tmp_path / "a.mp4", [scene((60, 30, 64, RED))] * 20)
    told: list[tuple[str, int, int | None]] = []
    analyze(path, progress=lambda *step: told.append(step), model=tiny_card_path, frames=10)
    frames = [("frames", done, 10) for done in range(11)]
    assert told == [("opening", 0, None), *frames, ("judging", 0, None)]


def test_a_caller_gets_each_frame_with_the_faces_that_are_scored(
    tiny_card_path: Path, tmp_path: Path
) -> None:
    drawn = [scene((10, 30, 64, BLUE), (120, 30, 64, RED), (90, 5, 20, RED))] * 20
    path = write_video(tmp_path / "a.mp4", drawn)
    seen: list[tuple[float, int, float]] = []

    def note(frame: Frame, faces: Sequence[Observation]) -> None:
        assert frame.rgb.shape == (120, 200, 3)
        for found in faces:
            left, top, right, bottom = map(round, found.face.box_xyxy)
            assert np.ptp(frame.rgb[top:bottom, left:right].mean((0, 1))) > 90  # it is there
            seen.append((frame.time_s, found.track_id, found.face.box_xyxy[0]))

    verdict = analyze(path, on_frame=note, model=tiny_card_path, frames=10)
    scored = [(p.time_s, p.track, p.box_xyxy[0]) for p in verdict.timeline]
    assert sorted(seen) == scored
    assert len(seen) == 20


def test_settings_change_without_loading_again(tiny_card_path: Path, tmp_path: Path) -> None:
    first = Analyzer(Options(model=tiny_card_path, threads=1), SquareDetector())
    second = first.adjusted(frames=7, end_s=2.0)
    assert (second.options.frames, second.options.end_s) == (7, 2.0)
    assert (first.options.frames, first.options.end_s) == (32, None)
    assert second._scorer is first._scorer
    for wrong in ({"threads": 2}, {"model": "default"}, {"frames": 0}):
        with pytest.raises(UsageError):
            first.adjusted(**wrong)
    with pytest.raises(AttributeError):
        first.options = Options()  # type: ignore[misc]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's list of open files")
@pytest.mark.parametrize("isolate", [True, False])
@pytest.mark.parametrize("at", [("opening", 0), ("frames", 0), ("frames", 7), ("judging", 0), None])
def test_a_cancelled_analysis_leaves_nothing_open(
    at: tuple[str, int] | None, isolate: bool, tiny_card_path: Path, tmp_path: Path
) -> None:
    path = write_video(tmp_path / "a.mp4", [scene((60, 30, 64, RED))] * 60)
    analyzer = Analyzer(Options(model=tiny_card_path, threads=1, isolate=isolate))
    before, threads = analyzer.analyze(path), _threads()
    opened: list[bool] = []

    def stop(*_: object) -> None:
        opened.append(is_open(path, os.getpid()))
        raise Cancelled("the user pressed stop")

    def progress(stage: str, done: int, total: int | None) -> None:
        if (stage, done) == at:
            stop()

    with pytest.raises(Cancelled, match="pressed stop") as stopped:
        analyzer.analyze(path, progress, None if at else stop)
    # The exception, which is still held, holds the whole stack in its turn.
    assert stopped.tb is not None
    assert opened == [at in (None, ("frames", 7))]
    assert not is_open(path, os.getpid())
    assert _come_down_to(threads)
    assert analyzer.analyze(path).p_fake == before.p_fake


def _threads() -> int:
    return len([*Path("/proc/self/task").iterdir()])


def _come_down_to(threads: int) -> bool:
    """Linux lists a thread for a moment after it was joined."""
    until_s = time.monotonic() + 5
    while _threads() > threads and time.monotonic() < until_s:
        time.sleep(0.01)
    return _threads() <= threads


def test_an_analyzer_judges_many_files_alike(tiny_card_path: Path, tmp_path: Path) -> None:
    analyzer = Analyzer(Options(model=tiny_card_path, threads=1))
    red = write_video(tmp_path / "red.mp4", [scene((60, 30, 64, RED))] * 20)
    blue = write_video(tmp_path / "blue.mp4", [scene((60, 30, 64, BLUE))] * 20)
    verdicts = [analyzer.analyze(path) for path in (red, blue, red)]
    assert [verdict.label for verdict in verdicts] == ["fake", "real", "fake"]
    assert verdicts[0].p_fake == verdicts[2].p_fake
    assert verdicts[0].timeline == verdicts[2].timeline


def test_a_file_that_cannot_be_analysed_is_an_error(
    scan: Callable[..., Verdict], tmp_path: Path
) -> None:
    with pytest.raises(InputNotFound, match=r"missing\.mp4"):
        scan(tmp_path / "missing.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(NotMedia, match=r"text\.mp4"):
        scan(tmp_path / "text.mp4")


def test_a_model_that_is_missing_or_altered_is_refused_before_any_file(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"none\.json"):
        Analyzer(Options(model=tmp_path / "none.json"))
    path = write_model(tmp_path)
    path.with_suffix(".onnx").write_bytes(b"")
    with pytest.raises(ModelAltered, match=r"tiny\.onnx"):
        Analyzer(Options(model=path))


def test_a_model_of_another_detectors_crops_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path, crop={"detector": "mtcnn"})
    with pytest.raises(ModelMismatch, match=r"tiny.json.*'mtcnn'.*'centerface'"):
        Analyzer(Options(model=path))


def test_both_runtimes_judge_alike(scan: Callable[..., Verdict], tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    path = write_video(tmp_path / "a.mp4", [scene((60, 30, 64, RED))] * 20)
    assert scan(path, runtime="openvino").p_fake == pytest.approx(scan(path).p_fake, abs=1e-4)


def test_a_runtime_that_is_absent_is_named_before_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingDependency, match=r"pip install 'facetell\[openvino\]'"):
        Analyzer(Options(model=write_model(tmp_path), runtime="openvino"))


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        analyze(tmp_path / "a.mp4", colour=1)


def test_the_hash_is_the_files(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc" * 1_000_000)
    assert sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_follows_the_face_of_the_bundled_sample(
    tiny_card_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "load_detector", faces.load_detector)  # the real one
    sample = Path(faces.__file__).parent / "data" / "samples" / "astronaut_real.mp4"
    verdict = analyze(sample, model=tiny_card_path, frames=10)
    (track,) = verdict.tracks
    assert track.frames == 10
    assert track.quality > 0.5
    assert verdict.p_fake is not None
    assert all(found.crop.std() > 20 for found in verdict.evidence)


def test_models_judge_together_and_faces_are_found_once(
    tiny_card_path: Path, tmp_path: Path
) -> None:
    class Counting(SquareDetector):
        calls = 0

        def detect(self, rgb: Picture) -> list[Face]:
            self.calls += 1
            return super().detect(rgb)

    folder = tmp_path / "large"
    folder.mkdir()
    steep = {"slope": 3.0, "intercept": -1.0, "real_mean": -3.0, "real_std": 1.0}
    large = write_model(folder, 64, name="large", input={"side_px": 64}, calibration=steep)
    path = write_video(tmp_path / "a.mp4", [scene((60, 30, 64, (150, 60, 110)))] * 30)
    detector = Counting()

    def p_fake(model: str) -> float:
        found = Analyzer(Options(model=model, threads=1), detector).analyze(path)
        assert found.p_fake is not None
        return found.p_fake

    both = p_fake(f"{tiny_card_path},{large}")
    searches = detector.calls
    logits = [np.log(p / (1 - p)) for p in (p_fake(str(tiny_card_path)), p_fake(str(large)))]
    assert detector.calls == 3 * searches
    assert both == pytest.approx(1 / (1 + np.exp(-np.mean(logits))), rel=1e-6)
