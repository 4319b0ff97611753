"""Frame after frame says what the pipeline says of the same frames, in memory that stays flat."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from facetell.clips import ClipBuilder
from facetell.errors import UsageError
from facetell.faces import FaceDetector
from facetell.judge import Case, judge
from facetell.live.analysis import LiveAnalysis, LiveModel
from facetell.live.settings import LiveSettings
from facetell.options import Options
from facetell.reasons import FaceCount
from facetell.scorer import Ensemble
from facetell.tally import Tally
from facetell.tracks import Tracker
from facetell.verdict import Media, Verdict
from facetell.video import Frame
from facetell.weights import available
from tests.portraits import SAMPLE
from tests.test_pipeline import BLUE, RED, SquareDetector, scene

Picture = npt.NDArray[np.uint8]
STEP_S = 0.1


def judged_offline(model: LiveModel, frames: list[Picture]) -> Verdict:
    """What the pipeline's stages say of frames a step apart, in whole bursts."""
    card, tracker = model.card, Tracker()
    builder, tally = ClipBuilder(card.crop), Tally(card, 0)
    found = 0
    for index, rgb in enumerate(frames):
        frame = Frame(index, index * STEP_S, rgb, index // card.sampling.burst_frames)
        faces = model.detector.detect(rgb)
        found += len(faces)
        builder.add(rgb, frame.time_s, tracker.update(frame, faces))
    for score in Ensemble(card, 1).score((clip,) for clip in builder.finish()):
        tally.add(score)
    media = Media("", "", 0, 0, None, None, False, 0, False, len(frames))
    count = FaceCount(len(frames), found, 100.0, 32)
    return judge(Case(Path("live"), "", media, count, ()), tally, card, None, 0.0)


def watch(model: LiveModel, frames: list[Picture]) -> LiveAnalysis:
    analysis = LiveAnalysis(model)
    for index, rgb in enumerate(frames):
        analysis.see(rgb, index * STEP_S)
    return analysis


@pytest.mark.skipif(not available(), reason="no bundled model yet")
def test_a_stream_of_the_bundled_model_is_judged_as_a_file(detector: FaceDetector) -> None:
    model = LiveModel(LiveSettings(Options(threads=1)), detector)
    assert model.scoring.frame_by_frame
    with av.open(str(SAMPLE)) as container:
        decoded = container.decode(video=0)
        frames = [np.asarray(next(decoded).to_ndarray(format="rgb24"), np.uint8) for _ in range(7)]
    live, offline = watch(model, frames).finish(), judged_offline(model, frames)
    assert live.p_fake == pytest.approx(offline.p_fake, abs=1e-5)
    assert (live.label, live.frames, live.reasons) == (offline.label, 7, offline.reasons)


def test_a_model_that_wants_whole_bursts_is_judged_as_a_file(squares: LiveModel) -> None:
    assert not squares.scoring.frame_by_frame
    frames = [scene((10, 30, 64, BLUE), (120, 30, 64, (135, 40, 128)))] * 12
    live, offline = watch(squares, frames).finish(), judged_offline(squares, frames)
    assert live.p_fake == pytest.approx(offline.p_fake, abs=1e-5)
    assert (live.label, live.reasons) == (offline.label, offline.reasons)


@pytest.mark.parametrize(("colour", "label"), [(RED, "fake"), (BLUE, "real")])
def test_the_verdict_comes_and_settles(
    squares: LiveModel, colour: tuple[int, int, int], label: str
) -> None:
    analysis = LiveAnalysis(squares)
    certain: list[float] = []
    for index in range(60):
        moment = analysis.see(scene((60, 30, 64, colour)), index * STEP_S)
        if index == 0:
            assert moment.verdict.reasons == ("Nothing has been scored yet.",)
            assert (moment.verdict.label, moment.p_fake) == ("inconclusive", None)
        if index >= 10:
            assert moment.verdict.label == label
            certain.append(moment.verdict.certainty or 0.0)
    assert certain == sorted(certain)
    assert certain[-1] > 0.99
    (face,) = moment.faces
    assert face.p_fake == pytest.approx(moment.p_fake)
    assert face.box_xyxy == (60, 30, 124, 94)


def test_what_was_a_while_ago_is_forgotten(squares: LiveModel) -> None:
    analysis = watch(squares, [scene((60, 30, 64, BLUE))] * 30)
    for index in range(30, 65):
        moment = analysis.see(scene((60, 30, 64, RED)), index * STEP_S)
    assert moment.p_fake is not None
    assert moment.p_fake > 0.9  # the last seconds alone
    assert moment.verdict.label == "inconclusive"  # the same face, half of the time
    for index in range(65, 140):  # ten seconds are remembered
        moment = analysis.see(scene((60, 30, 64, RED)), index * STEP_S)
    assert moment.verdict.label == "fake"
    assert moment.verdict.frames <= 101


def test_without_a_face_it_says_so(squares: LiveModel) -> None:
    verdict = watch(squares, [scene()] * 6).finish()
    assert (verdict.label, verdict.p_fake, verdict.certainty) == ("no_face", None, None)
    assert verdict.reasons == ("No face was found in 6 frames.",)


def test_a_hole_ends_a_burst(squares: LiveModel) -> None:
    analysis = LiveAnalysis(squares)
    for time_s in (0.0, 0.1, 5.0, 5.1):
        moment = analysis.see(scene((60, 30, 64, RED)), time_s)
    assert moment.verdict.frames == 2  # judged when the third came: these were a clip
    assert moment.verdict.p_fake is not None


def test_the_largest_faces_are_scored_and_the_others_counted(tiny_card_path: Path) -> None:
    settings = LiveSettings(Options(model=tiny_card_path, threads=1), max_faces=1)
    analysis = LiveAnalysis(LiveModel(settings, SquareDetector()))
    for index in range(7):
        moment = analysis.see(scene((10, 30, 64, BLUE), (120, 30, 48, RED)), index * STEP_S)
    assert moment.left_out == 1
    assert [face.p_fake is None for face in moment.faces] == [False, True]


def test_it_refuses_frames_out_of_order(squares: LiveModel) -> None:
    analysis = watch(squares, [scene()] * 2)
    for time_s in (0.1, 0.05, float("nan")):
        with pytest.raises(UsageError, match="in order of time"):
            analysis.see(scene(), time_s)


def held_by_facetell() -> int:
    """Bytes that lines of the package hold; what other tests left running does not count."""
    ours = tracemalloc.Filter(True, "*/facetell/*")
    traces = tracemalloc.take_snapshot().filter_traces([ours])
    return sum(line.size for line in traces.statistics("filename"))


def test_memory_stays_flat_for_thousands_of_frames(tiny_card_path: Path) -> None:
    settings = LiveSettings(Options(model=tiny_card_path, threads=1), window_s=3.0)
    analysis = LiveAnalysis(LiveModel(settings, SquareDetector()))
    pictures = [scene((left, 30, 40, RED)) for left in (10, 80, 150)]  # people come and go
    kept = []
    tracemalloc.start()
    try:
        for index in range(1501):
            analysis.see(pictures[index // 50 % 3], index * STEP_S)
            if index in (300, 1500):
                gc.collect()
                kept.append(held_by_facetell())
    finally:
        tracemalloc.stop()
    # 56 bytes a frame, as those of a file are kept, would be 67 kB more
    assert kept[1] - kept[0] < 30_000
