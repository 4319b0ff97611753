from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from facetell.clips import Clip
from facetell.errors import ModelAltered, ModelError, ModelMismatch
from facetell.scorer import ClipScore, Scorer
from facetell.weights import find
from tests.tiny_model import GAIN, GRID, SIDE_PX, make_graph, write_model


def clip(red: list[int], track_id: int = 1, burst: int = 0, side_px: int = SIDE_PX) -> Clip:
    """A clip whose frames are as red as told, without green and blue."""
    length = len(red)
    pixels = np.zeros((length, 3, side_px, side_px), np.uint8)
    pixels[:, 0] = np.array(red, np.uint8)[:, None, None]
    return Clip(
        track_id=track_id,
        burst=burst,
        pixels=pixels,
        times_s=burst + 0.1 * np.arange(length, dtype=np.float64),
        frame_indices=np.arange(length) + 10 * burst,
        boxes_xyxy=np.tile(np.array([1, 2, 3, 4], np.float32), (length, 1)),
        quality=np.full(length, 0.5, np.float32),
    )


@pytest.fixture(scope="module")
def scorer(tiny_card_path: Path) -> Scorer:
    return Scorer(find(tiny_card_path), threads=1, batch_clips=2)


def score_one(scorer: Scorer, one: Clip, keep_features: bool = False) -> ClipScore:
    (score,) = scorer.score([one], keep_features)
    return score


def test_it_scores_clips_of_any_length_in_their_order(scorer: Scorer) -> None:
    clips = [clip([255] * n, track_id=n, burst=n) for n in (5, 1, 3, 2, 4)]
    scores = list(scorer.score(clips))
    assert [score.track_id for score in scores] == [5, 1, 3, 2, 4]
    for one, score in zip(clips, scores, strict=True):
        length = len(one.pixels)
        assert score.logit == pytest.approx(GAIN, rel=1e-5)
        assert score.frame_logits.shape == (length,)
        assert score.heatmaps.shape == (length, GRID, GRID)
        assert score.crops.shape == (length, SIDE_PX, SIDE_PX, 3)
        assert score.features is None
        np.testing.assert_array_equal(score.crops.transpose(0, 3, 1, 2), one.pixels)
        np.testing.assert_array_equal(score.frame_indices, one.frame_indices)


def test_padding_and_neighbours_change_no_score(scorer: Scorer) -> None:
    short, long = clip([200]), clip([255, 0, 255, 0, 255])
    alone = score_one(scorer, short)
    together, _ = scorer.score([short, long])
    assert together.logit == pytest.approx(alone.logit, rel=1e-6)
    np.testing.assert_allclose(together.frame_logits, alone.frame_logits, rtol=1e-6)


def test_it_tells_which_frame_and_which_region_is_fake(scorer: Scorer) -> None:
    one = clip([0, 255])
    one.pixels[1, 0, :, SIDE_PX // 2 :] = 0  # only the left half of the second frame is red
    score = score_one(scorer, one)
    assert score.frame_logits[1] > score.frame_logits[0]
    assert score.heatmaps[1, :, 0].min() > 0.99
    assert score.heatmaps[1, :, -1].max() == pytest.approx(0.5)
    assert score.heatmaps.dtype == np.float32


def test_its_probability_rises_with_the_logit(scorer: Scorer) -> None:
    score = score_one(scorer, clip([100]))
    assert score.p_fake == pytest.approx(1 / (1 + math.exp(-score.logit)))


def test_it_keeps_features_when_asked(scorer: Scorer) -> None:
    score = score_one(scorer, clip([255, 51]), keep_features=True)
    assert score.features is not None
    np.testing.assert_allclose(score.features, [[255, 0, 0], [51, 0, 0]], rtol=1e-5)


def test_it_pulls_no_more_clips_than_a_batch_ahead(scorer: Scorer) -> None:
    pulled = []

    def clips() -> object:
        for n in range(6):
            pulled.append(n)
            yield clip([n])

    scores = scorer.score(clips())  # type: ignore[arg-type]
    next(scores)
    assert pulled == [0, 1]


def test_it_scores_nothing_without_clips(scorer: Scorer) -> None:
    assert list(scorer.score([])) == []


def test_it_refuses_a_crop_of_another_side(scorer: Scorer) -> None:
    with pytest.raises(ModelMismatch, match=r"tiny.json: .* crops of 32x32 px, got 16x16"):
        score_one(scorer, clip([1], side_px=16))


def test_it_refuses_an_answer_that_is_not_a_number(tmp_path: Path) -> None:
    card = find(write_model(tmp_path, graph=make_graph(divide_by_zero=True)))
    with pytest.raises(ModelError, match=r"tiny.onnx: its output clip_logit is not finite"):
        score_one(Scorer(card, threads=1), clip([0, 255]))


def test_it_refuses_an_altered_graph(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    path.with_suffix(".onnx").write_bytes(b"altered")
    with pytest.raises(ModelAltered, match=r"tiny.onnx"):
        Scorer(find(path))


def test_it_refuses_a_card_whose_side_is_not_the_graphs(tmp_path: Path) -> None:
    path = write_model(tmp_path, side_px=64)
    expected = r"tiny.onnx: its card .*tiny.json expects .* 32, 32\), the graph takes .* 64, 64"
    with pytest.raises(ModelMismatch, match=expected):
        Scorer(find(path))


@pytest.mark.parametrize("name", ["pixels", "mask", "clip_logit", "activation_maps"])
def test_it_refuses_a_graph_of_other_inputs_or_outputs(tmp_path: Path, name: str) -> None:
    graph = make_graph()
    for node in graph.graph.node:
        node.input[:] = ["other" if i == name else i for i in node.input]
        node.output[:] = ["other" if o == name else o for o in node.output]
    for value in [*graph.graph.input, *graph.graph.output]:
        value.name = "other" if value.name == name else value.name
    with pytest.raises(ModelMismatch, match=name):
        Scorer(find(write_model(tmp_path, graph=graph)))


def test_it_refuses_pixels_of_another_type(tmp_path: Path) -> None:
    graph = make_graph()
    graph.graph.input[0].type.tensor_type.elem_type = 1  # float
    with pytest.raises(ModelMismatch, match="expected pixels as uint8, the graph takes float32"):
        Scorer(find(write_model(tmp_path, graph=graph)))
