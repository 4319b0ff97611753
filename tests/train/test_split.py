from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from facetell.cli import main
from facetell.errors import InputNotFound, UsageError
from facetell.train.faces_alike import GAP, LINK, group_faces, nearest, pairs_within
from facetell.train.layouts import Media
from facetell.train.leaks import check_split, find_leaks, measure_nearest, refuse_leaks
from facetell.train.parts import part_media, read_parts
from facetell.train.split import (
    Plan,
    Rule,
    Split,
    SplitParts,
    group_key,
    make_split,
    read_split,
    write_split,
)
from facetell.train.store import ClipRecord, Store
from tests.train.made_store import make_store


def record(name: str, is_fake: bool = False, **changes: Any) -> ClipRecord:
    made = ClipRecord(
        clip=name, dataset="d", file=name, is_fake=is_fake, source="s", manipulation="",
        method="", group="", original="", part="", identity="", track=0, quality=1.0, frames=1,
        side_px=64, margin=1.3, has_points=False,
    )  # fmt: skip
    return replace(made, **changes)


def recordings(count: int = 60, people: int = 20, sources: int = 12) -> list[ClipRecord]:
    """A real and two fakes of each recording; people and sources come back."""
    found = []
    for k in range(count):
        who: dict[str, Any] = {"identity": f"p{k % people}", "source": f"s{k % sources}"}
        found.append(record(f"r{k}", group=f"g{k}", **who))
        for j in range(2):
            # the second fake is of another group, and only its original ties it
            group = f"g{k}" if j == 0 else f"other{k}"
            fake = record(f"f{k}_{j}", True, group=group, original=f"r{k}", **who)
            found.append(fake if j == 0 else replace(fake, identity=""))
    return found


def parts_by(split: Split, records: list[ClipRecord]) -> dict[str, list[ClipRecord]]:
    part = split.part_of_group()
    found: dict[str, list[ClipRecord]] = {}
    for r in records:
        found.setdefault(part[group_key(r)], []).append(r)
    return found


@pytest.mark.parametrize(("rule", "seed"), [*product(["person", "group", "source"], [0, 1])])
def test_no_two_parts_share_what_the_rule_names(rule: Rule, seed: int) -> None:
    records = recordings()
    if rule == "group":
        records = [replace(r, identity="") for r in records]
    parts = parts_by(make_split(records, Plan(rule, 0.2, 0.2, seed=seed)), records)
    assert set(parts) == {"train", "validation", "test"}
    for field in {"person": ["identity"], "group": [], "source": ["source", "identity"]}[rule]:
        names = [{getattr(r, field) for r in p} - {""} for p in parts.values()]
        assert sum(map(len, names)) == len(set.union(*names)), field
    originals = [{r.original or r.file for r in p} for p in parts.values()]
    assert sum(map(len, originals)) == len(set.union(*originals))


def test_classes_and_data_sets_keep_their_shares() -> None:
    records = [replace(r, identity="", dataset=f"set{k}") for k in (0, 1) for r in recordings(100)]
    for part, clips in parts_by(make_split(records, Plan("group", 0.2, 0.1)), records).items():
        share = {"train": 0.7, "validation": 0.2, "test": 0.1}[part]
        for dataset, fake in product(["set0", "set1"], [False, True]):
            found = sum(r.dataset == dataset and r.is_fake == fake for r in clips)
            assert found == pytest.approx(share * (200 if fake else 100), abs=2)


def test_the_seed_decides_and_stands_in_the_file(tmp_path: Path) -> None:
    records = recordings()
    one, same, other = (make_split(records, Plan(seed=s)) for s in (3, 3, 4))
    assert one == same
    assert one.parts != other.parts
    write_split(one, tmp_path / "split.json")
    assert read_split(tmp_path / "split.json") == one
    assert json.loads((tmp_path / "split.json").read_text())["seed"] == 3


def test_held_out_sources_go_to_test_whole_with_all_that_hangs_on_them() -> None:
    records = [replace(r, identity="") for r in recordings()]
    parts = parts_by(make_split(records, Plan("group", hold_out=("s3",))), records)
    assert {r.source for r in parts["test"]} == {"s3"}
    assert all(r.source != "s3" for r in parts["train"] + parts["validation"])
    with pytest.raises(UsageError, match="no source \\['x'\\] in this store"):
        make_split(records, Plan("group", hold_out=("x",)))


def test_folds_take_turns_and_never_touch_test() -> None:
    records = recordings()
    split = make_split(records, Plan(folds=5, test=0.1))
    assert len(split.folds) == 5
    turns = [split.of_fold(k) for k in range(5)]
    validated = [g for turn in turns for g in turn.parts.validation]
    assert sorted(validated) == sorted(set(validated)) == sorted(split.parts.train)
    for turn in turns:
        assert not find_leaks(turn, records)
        assert turn.parts.test == split.parts.test
        assert not set(turn.parts.validation) & set(turn.parts.train)
    assert find_leaks(split, records) == []
    with pytest.raises(UsageError, match="has 5 folds"):
        split.of_fold(5)


def test_parts_that_data_sets_name_are_kept_and_checked() -> None:
    records = [record("a", group="a", part="test"), record("b", group="b"),
               record("c", group="c", part="validation")]  # fmt: skip
    split = make_split(records, Plan("part"))
    assert split.parts == SplitParts(("d/b",), ("d/c",), ("d/a",))
    records.append(record("e", True, group="a", part="train"))
    leaks = find_leaks(make_split(records, Plan("part")), records)
    assert next((leak.kind, leak.name, leak.parts) for leak in leaks) == (
        "group", "d/a", ("test", "train"),
    )  # fmt: skip
    with pytest.raises(UsageError, match="name no parts"):
        make_split([record("a")], Plan("part"))


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("identity", {"identity": "p1"}, {"identity": "p1"}),
        ("original", {}, {"original": "a"}),
        ("original", {"original": "x"}, {"original": "x"}),
    ],
)
def test_planted_leaks_are_found_and_named(
    kind: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    records = [record("a", group="a", **first), record("b", True, group="b", **second)]
    split = Split(1, "group", 0, SplitParts(train=("d/a",), validation=("d/b",)))
    (leak,) = find_leaks(split, records)
    assert (leak.kind, leak.parts) == (kind, ("train", "validation"))
    with pytest.raises(UsageError, match=rf"my.json: this split leaks: {kind} .*{leak.name}"):
        refuse_leaks([leak], Path("my.json"))
    # the same clips in one part are none
    together = Split(1, "group", 0, SplitParts(train=("d/a", "d/b")))
    assert find_leaks(together, records) == []


def test_a_source_in_two_parts_leaks_only_where_the_rule_is_source() -> None:
    records = [record("a", group="a"), record("b", group="b")]
    parts = SplitParts(train=("d/a",), test=("d/b",))
    assert find_leaks(Split(1, "person", 0, parts), records) == []
    assert [x.kind for x in find_leaks(Split(1, "source", 0, parts), records)] == ["source"]


def test_a_split_of_another_store_is_refused() -> None:
    split = Split(1, "group", 0, SplitParts(train=("d/a",)))
    with pytest.raises(UsageError, match=r"my.json: 1 of 2 clips are in no part.*'d/new'"):
        check_split(split, [record("a"), record("new")], Path("my.json"))


def test_files_get_the_parts_of_their_clips(tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    write_split(Split(1, "group", 0, SplitParts(train=("d/d/a",), test=("d/d/b",))), path)
    files = [
        Media("x.mp4", False, "", "a"),
        Media("b.mp4", True, "", "b"),
        Media("c", True, "", "c"),
    ]
    assert [(m.file, m.part) for m in part_media(files, "d", path)] == [
        ("x.mp4", "train"), ("b.mp4", "test"),
    ]  # fmt: skip
    with pytest.raises(UsageError, match=r"knows no file of 'e'.*--name; it knows d"):
        part_media(files, "e", path)


def faces(count: int = 30, each: int = 5) -> tuple[list[ClipRecord], np.ndarray]:
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 0.25, (count, 128))
    vectors = np.repeat(centres, each, 0) + rng.normal(0, 0.008, (count * each, 128))
    records = [record(f"c{k}", group=f"c{k}") for k in range(count * each)]
    return records, vectors.astype(np.float32)


def test_people_are_told_apart_and_kept_apart() -> None:
    records, vectors = faces()
    people = group_faces(vectors)
    assert people.tolist() == np.repeat(np.arange(30), 5).tolist()
    known = [replace(r, identity=f"p{k}") for r, k in zip(records, people, strict=True)]
    split = make_split(known, Plan("person", 0.2, 0.2))
    distances, leaks = measure_nearest(split, known, vectors)
    assert leaks == []
    assert len(distances) == 3
    assert min(near.distance for near in distances) > 2


def test_a_face_that_is_planted_in_two_parts_is_measured() -> None:
    records, vectors = faces()
    parts = SplitParts(
        train=tuple(f"d/c{k}" for k in range(1, 150)), validation=("d/c0",)
    )  # the other four clips of the first person stay in training
    distances, leaks = measure_nearest(Split(1, "group", 0, parts), records, vectors)
    assert distances[0].distance < LINK
    assert "c0" in leaks[0].name
    assert find_leaks(Split(1, "group", 0, parts), records) == []  # no label tells it


def test_a_face_near_to_a_held_out_one_is_not_trained_on() -> None:
    records, vectors = faces()
    people = [replace(r, identity=f"p{k // 5}") for k, r in enumerate(records)]
    before = make_split(people, Plan("person", 0.2, 0.0))
    held = next(k for k, r in enumerate(people) if group_key(r) in before.parts.validation)
    mine = next(k for k, r in enumerate(people) if group_key(r) in before.parts.train)
    vectors[mine] = vectors[held]
    vectors[mine, 0] += 0.5 * (LINK + GAP)  # too far to be linked, too near to be trained on
    near = [(a, b) for a, b in pairs_within(vectors, GAP).tolist()]
    after = make_split(people, Plan("person", 0.2, 0.0), near)
    assert after.parts.dropped == (group_key(people[mine]),)
    distances, _ = measure_nearest(after, people, vectors)
    assert min(d.distance for d in distances) >= GAP


def test_nearest_agrees_with_brute_force() -> None:
    _, vectors = faces(8, 3)
    distance, place = nearest(vectors[:10], vectors[10:])
    every = np.linalg.norm(vectors[:10, None] - vectors[None, 10:], axis=2)
    assert np.allclose(distance, every.min(1), atol=1e-3)
    assert (place == every.argmin(1)).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"validation": 0.5, "test": 0.5}, "leave something"),
        ({"folds": 1}, "2 or more"),
        ({"rule": "part", "folds": 3}, "no folds"),
    ],
)
def test_it_refuses_plans_that_make_no_sense(changes: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Plan(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', "[" * 9999])
def test_it_refuses_a_file_that_is_no_split(tmp_path: Path, text: str) -> None:
    (tmp_path / "split.json").write_text(text)
    with pytest.raises(UsageError, match="not a split"):
        read_split(tmp_path / "split.json")
    with pytest.raises(InputNotFound):
        read_split(tmp_path / "none.json")


def test_the_command_makes_checks_and_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, out = make_store(tmp_path / "store", each=4), tmp_path / "split.json"
    words = ["split", str(store), "--by", "group", "--out", str(out), "--validation", "0.3"]
    assert main(words) == 0
    assert "by group, seed 0" in capsys.readouterr().out
    assert main(["split", str(store), "--check", str(out)]) == 0
    assert "no group, original or known person is in two parts" in capsys.readouterr().out
    parts = read_parts(Store(store), str(out))
    assert {r.group for r in parts.train} & {r.group for r in parts.validation} == set()
    spoiled = json.loads(out.read_text())
    spoiled["parts"]["validation"].append(spoiled["parts"]["train"][0])
    out.write_text(json.dumps(spoiled))
    assert main(["split", str(store), "--check", str(out)]) == 2
    assert spoiled["parts"]["train"][0] in capsys.readouterr().err
    with pytest.raises(UsageError, match="this split leaks"):
        read_parts(Store(store), str(out))
    assert main(["split", str(store)]) == 2


def test_training_asks_which_fold(tmp_path: Path) -> None:
    store, out = make_store(tmp_path / "store", each=4), tmp_path / "split.json"
    words = ["split", str(store), "--by", "group", "--out", str(out), "--folds", "3"]
    assert main([*words, "--test", "0"]) == 0
    with pytest.raises(UsageError, match="say which is validation"):
        read_parts(Store(store), str(out))
    clips = [r.clip for k in range(3) for r in read_parts(Store(store), str(out), k).validation]
    assert sorted(clips) == sorted(r.clip for r in Store(store).records)
