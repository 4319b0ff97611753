from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")

import torch

from facetell.errors import UsageError
from facetell.train.config import Mix
from facetell.train.dataset import BatchDataset, Places
from facetell.train.parts import read_parts
from facetell.train.pools import by_method, check_mix, draw, make_pools
from facetell.train.store import ClipRecord, Pixels, Store
from tests.train.made_store import make_store

MIX = Mix(
    pairs=1, stills=1, blended=1, decoded=1, synthetic=1, twins=1, clips=1, blended_clips=1, time=3
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(make_store(tmp_path_factory.mktemp("store") / "s"))


def dataset(store: Store, seed: int = 0, mix: Mix = MIX) -> BatchDataset:
    return BatchDataset(store, read_parts(store).train, mix, 64, seed, 9)


def test_a_batch_depends_on_seed_and_number_alone(store: Store) -> None:
    one, same, other = (dataset(store, seed) for seed in (0, 0, 1))
    assert torch.equal(one[3].pixels, same[3].pixels)
    assert not torch.equal(one[3].pixels, one[4].pixels)
    assert not torch.equal(one[3].pixels, other[3].pixels)


def test_a_batch_is_half_fake_and_masks_what_is_not_there(store: Store) -> None:
    batch = dataset(store)[0]
    assert batch.is_fake.tolist() == [0, 1] * 8
    assert batch.mask.sum(1).tolist() == [1.0] * 10 + [3.0] * 6
    assert not batch.pixels[:10, 1:].any()
    assert batch.pixels[10:].flatten(2).any(2).all()


def test_a_pair_is_a_fake_and_its_original(store: Store) -> None:
    pools = dataset(store).pools
    fakes = [fake for fakes in pools.paired.values() for fake in fakes]
    for fake in fakes:
        for real in pools.originals[fake.clip]:
            named = real.file == fake.original
            assert named or (not fake.original and real.group == fake.group and real.frames > 1)
    assert {fake.frames for fake in fakes} == {1, 5}
    assert not {f.manipulation for f in fakes} & {"autoencoded", "synthetic"}


def test_twins_are_the_same_moments(store: Store) -> None:
    data = dataset(store)
    fake = data.pools.twins["faceswap"][0]
    real = data.pools.originals[fake.clip][0]
    assert data._same_moments(real, fake).tolist() == [[k, k] for k in range(5)]


def test_moments_are_matched_by_time_not_by_place(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dataset(store)
    fake = data.pools.twins["faceswap"][0]
    real = data.pools.originals[fake.clip][0]
    times = {real.clip: [0.0, 0.1, 0.2, 0.3, 0.4], fake.clip: [0.21, 0.31, 0.42, 0.5, 9.0]}
    monkeypatch.setattr(Store, "times_s", lambda _, r: np.array(times[r.clip], np.float32))
    assert data._same_moments(real, fake).tolist() == [[2, 0], [3, 1], [4, 2]]
    times[fake.clip] = [50.0, 50.1, 50.2, 50.3, 50.4]  # clocks that don't agree
    assert data._same_moments(real, fake).tolist() == [[k, k] for k in range(5)]


def test_unpaired_clips_have_one_length(store: Store) -> None:
    data = dataset(store, mix=replace(MIX, time=9))
    for seed in range(20):
        (real, _), (fake, _) = data._clip(np.random.default_rng(seed))
        assert len(real) == len(fake) == 5


def test_half_the_reals_are_of_the_fakes_own_source(store: Store) -> None:
    data = dataset(store)
    fake = next(r for r in store.records if r.is_fake and r.source == "a")
    drawn: list[ClipRecord] = []

    def frames(record: ClipRecord, where: Places) -> list[Pixels]:
        drawn.append(record)
        return [np.zeros((72, 72, 3), np.uint8)]

    data._frames = frames  # type: ignore[method-assign]
    for seed in range(120):
        data._unpaired(fake, data.pools.reals, 1, np.random.default_rng(seed))
    own = np.mean([r.source == "a" for r in drawn if not r.is_fake])
    assert 0.5 < own < 0.85  # half by choice, and a third of the other half by chance


def test_validation_never_enters_a_batch(store: Store) -> None:
    parts = read_parts(store)
    assert {r.source for r in parts.train} == {"a", "b", "c"}
    assert {r.source for r in parts.validation} == {"d"}
    pools = make_pools(parts.train)
    for name in ("reals", "marked", "fakes", "paired", "twins", "decoded", "synthetic"):
        groups = getattr(pools, name)
        assert "d" not in {r.source for records in groups.values() for r in records}


def test_it_says_what_the_mix_lacks(store: Store) -> None:
    reals = [r for r in store.records if not r.is_fake]
    with pytest.raises(UsageError, match=r"mix\.pairs is 1, but there are no fakes with their"):
        check_mix(MIX, make_pools(reals))
    bare = [replace(r, has_points=False) for r in store.records]
    with pytest.raises(UsageError, match=r"mix\.blended .*reals with landmarks"):
        check_mix(MIX, make_pools(bare))
    check_mix(Mix(1, 0, 0, 0, 0, 0, 0, 0), make_pools(bare))


def test_a_store_without_validation_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "records", [replace(r, part="") for r in store.records])
    with pytest.raises(UsageError, match="facetell split"):
        read_parts(store)


def test_the_larger_group_comes_more_often_but_does_not_rule(store: Store) -> None:
    fake = next(r for r in store.records if r.is_fake)
    many = [replace(fake, method="big")] * 900 + [replace(fake, method="small (x)")] * 9
    rng = np.random.default_rng(0)
    drawn = [draw(by_method(many), rng).method for _ in range(1000)]
    assert drawn.count("big") == pytest.approx(1000 * 30 / 33, abs=40)
