from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from facetell.errors import UsageError
from facetell.train import fit_heads
from facetell.train.config import Regression, RunConfig
from facetell.train.fit_heads import (
    FEATURES,
    Samples,
    _degradation,
    choose_strength,
    evenly,
    fit,
    fit_halves,
    leave_out_folds,
    sample_weights,
)
from facetell.train.loop import train
from facetell.train.run_log import read_log
from facetell.train.store import ClipRecord, Store
from tests.train.made_store import make_store
from tests.train.tiny_encoder import NAME, add_tiny_encoder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(make_store(tmp_path_factory.mktemp("store") / "s"))


def clips(store: Store, *sources: tuple[str, bool, int]) -> list[ClipRecord]:
    """So many clips of each source and class."""
    record = store.records[0]
    return [
        replace(record, source=source, is_fake=fake, group=f"{source}{fake}{k}", row=k)
        for source, fake, count in sources
        for k in range(count)
    ]


def made_samples(records: list[ClipRecord], crops: int = 2, seed: int = 0) -> Samples:
    """Features of which the first tells fakes, the second the source, the others nothing."""
    rng = np.random.default_rng(seed)
    clip = np.repeat(np.arange(len(records)), crops)
    x = rng.normal(0, 1, (len(clip), 12))
    x[:, 0] += 1.5 * np.array([r.is_fake for r in records])[clip]
    x[:, 1] += [8.0 * (r.source == "b") for r in np.array(records, object)[clip]]
    plain = np.tile(np.arange(crops) == 0, len(records))
    return Samples(x.astype(np.float16), clip, plain, records, (x.shape[1],))


def test_a_source_weighs_the_square_root_of_its_clips(store: Store) -> None:
    records = clips(store, ("a", False, 16), ("b", False, 4), ("a", True, 9))
    samples = made_samples(records, crops=3)
    weights = sample_weights(samples)
    of = np.array([r.source + str(r.is_fake) for r in records])[samples.clip]
    sums = {name: weights[of == name].sum() for name in set(of)}
    assert sums["aFalse"] / sums["bFalse"] == pytest.approx(2)
    assert sums["aFalse"] + sums["bFalse"] == pytest.approx(0.5)
    assert sums["aTrue"] == pytest.approx(0.5)
    long = replace(samples, clip=np.sort(np.r_[0, samples.clip[:-1]]))
    by_clip = np.bincount(long.clip, sample_weights(long))
    assert by_clip[0] == pytest.approx(by_clip[1])  # though it has a crop more


def test_the_standardisation_is_folded_into_the_weights(store: Store) -> None:
    samples = made_samples(clips(store, ("a", False, 40), ("a", True, 40)))
    features = samples.features * np.linspace(0.1, 30, 12).astype(np.float16) + np.float16(5)
    samples = replace(samples, features=features.astype(np.float16))
    weights = np.full(len(samples.clip), 1 / len(samples.clip))
    x = samples.features.astype(np.float64)
    scaler = StandardScaler().fit(x)
    theirs = LogisticRegression(C=1 / len(x)).fit(scaler.transform(x), samples.is_fake)
    expected = theirs.decision_function(scaler.transform(x))
    ours = fit(samples, weights, strength=1.0)
    assert np.abs(ours.logits(samples.features) - expected).max() < 0.02


def test_whole_sources_are_left_out_where_there_are_enough(store: Store) -> None:
    records = clips(store, *((s, f, 3) for s in "abcde" for f in (False, True)))
    folds = leave_out_folds(records, 5, seed=0)
    for source in "abcde":
        assert len({f for f, r in zip(folds, records, strict=True) if r.source == source}) == 1
    assert set(folds) == set(range(5))


def test_groups_are_left_out_where_sources_are_too_few(store: Store) -> None:
    records = clips(store, ("a", False, 6), ("a", True, 6))
    twice = [*records, *records]
    folds = leave_out_folds(twice, 3, seed=0)
    assert (folds[:12] == folds[12:]).all()
    assert set(folds) == {0, 1, 2}
    with pytest.raises(UsageError, match="at least two sources"):
        leave_out_folds(clips(store, ("a", False, 1), ("a", True, 6)), 3, seed=0)


def test_the_strength_is_chosen_on_sources_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = clips(store, *((s, f, 8) for s in "abcd" for f in (False, True)))
    samples = made_samples(records)
    seen: list[set[str]] = []
    original = fit_heads.fit

    def spy(part: Samples, weights: np.ndarray, strength: float) -> fit_heads.LinearHead:
        seen.append({records[k].source for k in part.clip})
        return original(part, weights, strength)

    monkeypatch.setattr(fit_heads, "fit", spy)
    how = Regression(folds=4, strengths=(1e-6, 1.0))
    strength, left_out = choose_strength(samples, how, seed=0)
    assert [len(sources) for sources in seen] == [3] * 8
    assert strength in how.strengths
    assert 0.75 < left_out < 0.97  # one informative feature at 1.5 deviations: 0.86 a crop


def test_what_descends_from_one_original_is_degraded_alike(store: Store) -> None:
    real = next(r for r in store.records if not r.is_fake)
    fake = next(r for r in store.records if r.is_fake and r.group == real.group)
    other = next(r for r in store.records if r.group != real.group)
    assert _degradation(real, 1, 0) == _degradation(fake, 1, 0)
    assert _degradation(real, 1, 0) != _degradation(real, 2, 0)
    assert _degradation(real, 1, 0) != _degradation(other, 1, 0)


def test_frames_are_spread_over_the_clip() -> None:
    assert evenly(100, 4) == [0, 33, 66, 99]
    assert evenly(1, 8) == [0]


def test_a_run_fits_its_frame_head_and_leaves_the_encoder_as_it_is(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tiny_encoder(monkeypatch)
    config = RunConfig(
        store=store.root, heads="regression", encoder=NAME, temporal="mean", side_px=32,
        device="cpu", regression=Regression(copies=1, frames=3, folds=3),
    )  # fmt: skip
    model = train(config, tmp_path)
    look = read_log(tmp_path)[-1]
    assert look["frame_auc"] == look["auc"] > 0.9  # of a source that was never seen
    assert look["strength"] in config.regression.strengths
    features = np.load(tmp_path / FEATURES)
    assert len(features) == 2 * sum(min(r.frames, 3) for r in store.records if r.part == "train")
    first = {k: v.clone() for k, v in model.state_dict().items()}
    monkeypatch.setattr(fit_heads, "encoded", None)  # a second run needs no encoder
    second = train(config, tmp_path).state_dict()
    assert all(torch.equal(first[k], second[k]) for k in first)
    pixels = torch.randint(0, 256, (1, 2, 3, 32, 32), dtype=torch.uint8)
    with torch.no_grad():
        output = model(pixels, torch.ones(1, 2))
    assert torch.allclose(output.activation_maps.mean((2, 3)), output.frame_logits, atol=1e-4)


def test_a_half_that_knows_the_training_clips_does_not_rule(store: Store) -> None:
    samples = made_samples(clips(store, ("a", False, 40), ("a", True, 40)))
    known = np.random.default_rng(1).normal(0, 1, (len(samples.clip), 4))
    known[:, 0] += 60.0 * samples.is_fake  # what an encoder gives that was trained on these clips
    both = np.concatenate([samples.features, known.astype(np.float16)], axis=1)
    samples = replace(samples, features=both, widths=(12, 4))
    weights = sample_weights(samples)
    head = fit_halves(samples, weights, 10.0)
    halves = both[:, :12] @ head.weight[:12], both[:, 12:] @ head.weight[12:]
    spread = [float(half.std()) for half in halves]
    assert spread[0] == pytest.approx(spread[1], rel=0.05)
    joint = fit(samples, weights, 10.0)
    assert (both[:, 12:] @ joint.weight[12:]).std() > 2 * (both[:, :12] @ joint.weight[:12]).std()
