from __future__ import annotations

import numpy as np

from facetell.train.split import GAP, group_faces, nearest_distance, person_disjoint


def people(count: int = 30, each: int = 5) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 0.25, (count, 128))
    faces = np.repeat(centres, each, 0) + rng.normal(0, 0.008, (count * each, 128))
    return [f"p{k // each}_{k}" for k in range(count * each)], faces.astype(np.float32)


def test_it_puts_every_person_on_one_side() -> None:
    names, faces = people()
    split = person_disjoint(names, faces, held_out=40, seed=1)
    sides = [{n.split("_")[0] for n in part} for part in (split.train, split.validation)]
    assert not sides[0] & sides[1]
    assert len(split.validation) >= 40
    assert sorted(split.train + split.validation + split.dropped) == sorted(names)


def test_it_drops_what_is_near_to_a_held_out_face_though_not_linked() -> None:
    names, faces = people()
    offset = np.zeros(128, np.float32)
    offset[0] = 0.5 * (GAP + 0.35)  # too far to be linked, too near to be trained on
    split = person_disjoint([*names, "near"], np.vstack([faces, faces[:1] + offset]), 149, seed=0)
    assert "near" in split.dropped or "near" in split.validation
    kept = faces[[names.index(n) for n in split.train if n != "near"]]
    held = faces[[names.index(n) for n in split.validation if n != "near"]]
    if len(kept):
        assert nearest_distance(kept, held).min() >= GAP


def test_it_gives_the_same_split_for_the_same_seed_and_another_for_another() -> None:
    names, faces = people()
    one, same, other = (person_disjoint(names, faces, 40, seed=s) for s in (3, 3, 4))
    assert one == same
    assert one.validation != other.validation


def test_groups_are_people() -> None:
    _, faces = people(count=4, each=3)
    assert len(set(group_faces(faces, 0.35).tolist())) == 4
