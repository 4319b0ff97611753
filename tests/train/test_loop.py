from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from facetell.errors import InputNotFound, UsageError
from facetell.train.config import RunConfig, read_config
from facetell.train.dataset import BatchDataset, Mix
from facetell.train.evaluate import make_evaluate
from facetell.train.loop import LOG, make_detector, rank_loss, train
from facetell.train.old_store import Store
from tests.train.made_store import make_store

# torch's loader forks a process that has threads
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
RECIPES = Path(__file__).parents[2] / "recipes"
MIX = Mix(1, 1, 1, decoded=1, synthetic=1, twins=1, clips=1, blended_clips=1)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    store = make_store(tmp_path_factory.mktemp("store") / "s")
    return RunConfig(
        store=store, side_px=64, hidden=16, steps=4, warmup=1, decay=1, evaluate_every=4, mix=MIX
    )


def test_a_stopped_run_goes_on_exactly(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facetell.train.loop.SAVE_EVERY", 2)
    monkeypatch.setattr(RunConfig, "rate_at", lambda *_: 1.0)  # the schedule knows where it ends
    whole = train(config, tmp_path / "whole").state_dict()
    train(replace(config, steps=2), tmp_path / "parts")
    parts = train(config, tmp_path / "parts").state_dict()
    assert all(torch.equal(whole[k], parts[k]) for k in whole)
    steps = [json.loads(s)["step"] for s in (tmp_path / "parts" / LOG).read_text().splitlines()]
    assert steps == [2, 4]


def test_it_refuses_a_folder_with_another_run(config: RunConfig, tmp_path: Path) -> None:
    train(replace(config, steps=2), tmp_path)
    with pytest.raises(UsageError, match="seed"):
        train(replace(config, seed=7), tmp_path)


def test_a_run_begins_with_the_averaged_weights_of_an_earlier_one(
    config: RunConfig, tmp_path: Path
) -> None:
    first = train(config, tmp_path / "first").state_dict()
    later = make_detector(replace(config, start=str(tmp_path / "first" / "averaged-4.pt")))
    assert all(torch.equal(first[k], v) for k, v in later.state_dict().items())


def test_a_single_encoders_run_starts_the_trained_half_of_a_pair(
    config: RunConfig, tmp_path: Path
) -> None:
    first = train(config, tmp_path / "first").state_dict()
    start = str(tmp_path / "first" / "averaged-4.pt")
    pair = replace(config, encoder="efficientnet_lite0_pair", start=start, heads_only=True)
    torch.manual_seed(pair.seed)
    before = make_detector(pair).state_dict()
    after = train(pair, tmp_path / "second").state_dict()
    encoder = [k for k in first if k.startswith("encoder.")]
    for key in encoder:
        half = key.replace("encoder.", "encoder.trained.", 1)
        assert torch.equal(first[key], before[half])
        assert torch.equal(first[key], after[half])
    moved = {k for k in after if not torch.equal(before[k], after[k])}
    assert moved == {k for k in after if not k.startswith("encoder.")}


@pytest.mark.parametrize("tuned", [True, False])
def test_batch_normalisation_learns_its_statistics_where_asked(
    config: RunConfig, tmp_path: Path, tuned: bool
) -> None:
    chosen = replace(config, tune_batch_norm=tuned, frozen=2)
    before, after = make_detector(chosen).state_dict(), train(chosen, tmp_path).state_dict()
    means = [k for k in before if k.endswith("running_mean")]
    moved = {k for k in means if not torch.equal(before[k], after[k])}
    early = {
        k
        for k in means
        if k.startswith(("encoder._bn0", "encoder._blocks.0", "encoder._blocks.1."))
    }
    assert moved == (set(means) - early if tuned else set())


def test_it_measures_validation(config: RunConfig, tmp_path: Path) -> None:
    evaluate = make_evaluate(Store(config.store), config.side_px)
    train(config, tmp_path, evaluate)
    last = json.loads((tmp_path / LOG).read_text().splitlines()[-1])
    for name in ("pairs_frame_auc", "clips_lstm_auc", "clips_mean_auc", "clips_source_auc"):
        assert 0 <= last[name] <= 1


def test_a_batch_depends_on_seed_and_step_alone(config: RunConfig) -> None:
    store = Store(config.store)
    one, same, other = (BatchDataset(store, MIX, 64, seed, 9) for seed in (0, 0, 1))
    assert torch.equal(one[3].pixels, same[3].pixels)
    assert not torch.equal(one[3].pixels, one[4].pixels)
    assert not torch.equal(one[3].pixels, other[3].pixels)


def test_a_batch_is_half_fake_and_masks_what_is_not_there(config: RunConfig) -> None:
    batch = BatchDataset(Store(config.store), MIX, 64, 0, 9)[0]
    assert batch.is_fake.mean() == 0.5
    assert batch.mask.sum(1).tolist() == [1.0] * 10 + [3.0] * 6
    assert not batch.pixels[:10, 1:].any()


def test_twins_are_the_same_moments_of_one_recording(config: RunConfig) -> None:
    data = BatchDataset(Store(config.store), MIX, 64, 0, 9)
    groups = {c.group for clips in data._twins.values() for c in clips}
    assert groups == {"g0", "g1"} == set(data._recorded)
    (real, label), (fake, other) = data._twin(np.random.default_rng(0))
    assert (label, other) == (0, 1)
    assert len(real) == len(fake) == 3


def test_validation_never_enters_a_batch(config: RunConfig) -> None:
    data = BatchDataset(Store(config.store), MIX, 64, 0, 9)
    assert {p.real for p in data._pairs} == {"r0", "r1"}
    clips = [c for group in data._real_clips.values() for c in group]
    clips += [c for group in data._fake_clips.values() for c in group]
    assert {c.split for c in clips} == {"train"}


def test_the_rate_rises_stays_and_falls() -> None:
    config = RunConfig(Path(), steps=100, warmup=10, decay=20)
    rates = [config.rate_at(s) for s in (0, 9, 50, 79, 90, 99)]
    assert rates == pytest.approx([0.1, 1, 1, 1, 0.5, 0.05])


def test_it_refuses_unknown_keys_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    with pytest.raises(InputNotFound):
        read_config(path)
    path.write_text('store = "s"\nlearning_rate = 1\n')
    with pytest.raises(UsageError, match="learning_rate"):
        read_config(path)
    path.write_text('store = "s"\nsteps = 700\n[mix]\npairs = 3\n')
    config = read_config(path)
    assert (config.steps, config.mix.pairs, config.store) == (700, 3, tmp_path / "s")


def test_a_missing_part_of_the_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match=r"pairs\.csv"):
        Store(tmp_path)


def test_stores_hold_what_was_written(config: RunConfig) -> None:
    store = Store(config.store)
    assert store.still("r0").shape == (72, 72, 3)
    assert store.frames(store.clips[0]).dtype == np.uint8
    assert store.points("portraits").shape == (3, 468, 2)


def test_the_rank_loss_falls_as_fakes_rise_above_their_reals() -> None:
    high = rank_loss(torch.tensor([1.0, 0.0, 2.0, 1.0]))
    low = rank_loss(torch.tensor([0.0, 1.0, 1.0, 2.0]))
    assert low < np.log(2) < high
    assert rank_loss(torch.tensor([5.0, 5.0])) == pytest.approx(np.log(2))


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_recipes_can_be_read(path: Path) -> None:
    config = read_config(path)
    assert config.store == RECIPES / "../runs/store"
    assert Path(config.init or config.start).parts[: len(RECIPES.parts)] == RECIPES.parts
