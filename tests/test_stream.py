"""A stream says of each frame what the whole clip up to it would say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from facetell.clips import crop_face
from facetell.errors import ModelAltered, ModelMismatch
from facetell.faces import FaceDetector
from facetell.scorer import Scorer
from facetell.stream import ClipState, StreamScorer
from facetell.weights import available, find
from tests.portraits import SAMPLE
from tests.test_scorer import clip as clip_of_reds

pytestmark = pytest.mark.skipif(
    not any(card.stream for card in available()), reason="no bundled model runs as a stream"
)
FRAMES = 8


@pytest.fixture(scope="module")
def crops(detector: FaceDetector) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A real face in some frames of the sample, as the bundled model sees it."""
    card, found = find("default"), []
    with av.open(str(SAMPLE)) as container:
        for frame in container.decode(video=0):
            rgb = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            found.append(crop_face(rgb, detector.detect(rgb)[0].box_xyxy, card.crop))
            if len(found) == FRAMES:
                break
    return np.stack(found)


@pytest.fixture(scope="module")
def stream() -> StreamScorer:
    return StreamScorer(find("default"), threads=1)


def test_each_frame_is_scored_as_the_clip_up_to_it(
    stream: StreamScorer, crops: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    offline, state, logits = Scorer(stream.card, threads=1), stream.begin(), []
    for count in range(1, FRAMES + 1):
        (score,) = stream.step(crops[count - 1 : count], [state])
        state = score.state
        pixels = np.ascontiguousarray(crops[:count].transpose(0, 3, 1, 2))
        clip = replace(clip_of_reds([0] * count), pixels=pixels)
        (whole,) = offline.score([clip])
        assert score.logit == pytest.approx(whole.logit, abs=1e-5)
        assert score.frame_logit == pytest.approx(float(whole.frame_logits[-1]), abs=1e-5)
        logits.append(score.logit)
    assert np.ptp(logits) > 1e-3  # equal to nothing that stands still


def test_a_state_that_is_lost_would_show(
    stream: StreamScorer, crops: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    (first,) = stream.step(crops[:1], [stream.begin()])
    lost = replace(first.state, network=stream.begin().network)
    (right,), (wrong,) = (stream.step(crops[-1:], [state]) for state in (first.state, lost))
    assert abs(right.logit - wrong.logit) > 1e-3


def test_clips_side_by_side_do_not_touch(
    stream: StreamScorer, crops: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    pair, alone = [stream.begin(), stream.begin()], [stream.begin(), stream.begin()]
    for frame in range(3):
        both = crops[[frame, FRAMES - 1 - frame]]
        together = stream.step(both, pair)
        apart = [stream.step(both[[row]], [alone[row]])[0] for row in (0, 1)]
        assert [s.logit for s in together] == pytest.approx([s.logit for s in apart], abs=1e-5)
        pair, alone = [s.state for s in together], [s.state for s in apart]


def test_attention_far_out_does_not_overflow() -> None:
    state = ClipState(()).after(900.0, 1.0, ()).after(-900.0, 5.0, ()).after(1000.0, 3.0, ())
    assert state.weighted / state.weight == pytest.approx(3.0)


def test_it_refuses_a_model_that_cannot_run_as_a_stream(tiny_card_path: Path) -> None:
    with pytest.raises(ModelMismatch, match=r"tiny\.json: names nothing"):
        StreamScorer(find(tiny_card_path))


def test_it_refuses_an_addition_that_was_altered(tmp_path: Path) -> None:
    card = find("default")
    for path in (card.graph_path, card.graph_path.with_suffix(".stream"), card.path):
        (tmp_path / path.name).symlink_to(path)
    changed = tmp_path / "default.stream"
    data = changed.read_bytes()
    changed.unlink()
    changed.write_bytes(data + b"\0")
    with pytest.raises(ModelAltered, match=r"default\.stream: its card names SHA-256"):
        StreamScorer(find(tmp_path / "default.json"))
