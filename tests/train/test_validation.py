from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")

import torch
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, roc_auc_score

from facetell.model.detector import Detector
from facetell.train.store import Store
from facetell.train.validation import Validation, evenly_drawn, measured
from tests.train.made_store import make_store
from tests.train.tiny_encoder import NAME, add_tiny_encoder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(make_store(tmp_path_factory.mktemp("store") / "s"))


def test_the_numbers_are_those_of_scikit_learn(store: Store) -> None:
    rng = np.random.default_rng(0)
    logits, frame_logits = (rng.normal(0, 2, len(store)) for _ in range(2))
    fake = np.array([r.is_fake for r in store.records])
    still = np.array([r.frames == 1 for r in store.records])
    look = measured(store.records, logits, frame_logits)
    assert look.loss == pytest.approx(log_loss(fake, 1 / (1 + np.exp(-logits))))
    assert look.accuracy == pytest.approx(accuracy_score(fake, logits > 0))
    assert look.auc == pytest.approx(roc_auc_score(fake, logits))
    assert look.frame_auc == pytest.approx(roc_auc_score(fake, frame_logits))
    assert look.stills_auc == pytest.approx(roc_auc_score(fake[still], logits[still]))
    assert look.clips_auc == pytest.approx(roc_auc_score(fake[~still], logits[~still]))
    counts = [look.true_real, look.false_fake, look.false_real, look.true_fake]
    assert counts == confusion_matrix(fake, logits > 0).ravel().tolist()


def test_what_is_not_there_is_left_out_of_the_record(store: Store) -> None:
    stills = [r for r in store.records if r.frames == 1]
    record = measured(stills, np.linspace(-3, 3, len(stills)), np.zeros(len(stills))).as_record()
    assert "clips_auc" not in record
    assert "stills_auc" in record


def test_a_look_takes_the_start_and_the_end_of_each_clip(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tiny_encoder(monkeypatch)
    torch.manual_seed(0)
    model = Detector(NAME, hidden=4, temporal="mean").eval()
    clip = next(r for r in store.records if r.frames == 5)
    records = [clip, replace(clip, is_fake=not clip.is_fake)]
    seen: list[list[int]] = []
    frames = Store.frames

    def spy(self: Store, record: object, where: range) -> object:
        seen.append(list(where))
        return frames(self, record, where)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "frames", spy)
    look = Validation(store, records, 32, 2, 9).look(model, torch.device("cpu"))
    assert seen == [[0, 1], [3, 4]] * 2
    assert look.auc == look.frame_auc == 0.5  # the same clip twice


def test_a_look_is_balanced_and_no_larger_than_asked(store: Store) -> None:
    drawn = evenly_drawn(store.records, 12)
    assert len(drawn) == 12
    assert sum(r.is_fake for r in drawn) == 6
    few = [r for r in store.records if not r.is_fake or r.manipulation == "synthetic"]
    assert sum(r.is_fake for r in evenly_drawn(few, 20)) == 8  # all there are
    assert evenly_drawn(store.records, 12) == drawn
    assert len(evenly_drawn(store.records, 10_000)) == len(store)
