from __future__ import annotations

import numpy as np

from facetell.train.blend import REGIONS, draw_recipe, self_blend
from facetell.train.landmarks import POINTS
from tests.train.made_store import face, points


def test_it_leaves_every_pixel_outside_the_mask_alone() -> None:
    for seed in range(20):
        real = face(seed)
        (fake,), (mask,) = self_blend([real], [points()], np.random.default_rng(seed))
        assert np.array_equal(fake[mask == 0], real[mask == 0])
        assert mask.max() > 0.3


def test_it_changes_the_face() -> None:
    changed = []
    for seed in range(40):
        real = face(seed)
        (fake,), (mask,) = self_blend([real], [points()], np.random.default_rng(seed))
        inside = mask > 0.3
        changed.append(np.abs(fake[inside].astype(int) - real[inside]).mean())
    assert np.median(changed) > 1.0


def test_it_uses_one_recipe_for_all_frames_of_a_clip() -> None:
    real = [face(1)] * 4
    for seed in range(10):
        fakes, masks = self_blend(real, [points()] * 4, np.random.default_rng(seed))
        steady = all(np.array_equal(m, masks[0]) for m in masks)
        sizes = [m.sum() for m in masks]
        assert steady or np.std(sizes) / np.mean(sizes) < 0.25
        assert len(fakes) == 4


def test_it_puts_in_the_face_of_another_frame() -> None:
    frames = [face(1), face(2)]
    fakes, masks = self_blend(frames, [points()] * 2, np.random.default_rng(0), sources=[1, 0])
    core = masks[0] > 0.95 * masks[0].max()
    to_other = np.abs(fakes[0][core].astype(int) - frames[1][core]).mean()
    to_own = np.abs(fakes[0][core].astype(int) - frames[0][core]).mean()
    assert to_other < to_own


def test_its_regions_name_points_that_exist() -> None:
    assert all(0 <= index < POINTS for region in REGIONS.values() for index in region)


def test_it_draws_the_same_recipe_from_the_same_seed() -> None:
    one, same = (draw_recipe(np.random.default_rng(5)) for _ in range(2))
    assert one == same
    assert one != draw_recipe(np.random.default_rng(6))
