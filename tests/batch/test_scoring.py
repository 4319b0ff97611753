from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facetell import Analyzer, Options, ensemble, weights
from facetell.batch.scoring import Batcher
from facetell.scorer import Ensemble
from tests.portraits import SAMPLE
from tests.tiny_model import write_model


def test_it_asks_once_for_what_gathers_meanwhile() -> None:
    asked: list[list[Any]] = []
    first_is_under_way, may_go_on = threading.Event(), threading.Event()

    def score(views: list[Any]) -> list[Any]:
        asked.append(views)
        first_is_under_way.set()
        may_go_on.wait(10)
        return [f"score of {view}" for view in views]

    batcher = Batcher(score, most=3)
    with ThreadPoolExecutor(6) as callers:
        answers = [callers.submit(batcher.score, 0)]  # type: ignore[arg-type]
        first_is_under_way.wait(10)
        answers += [callers.submit(batcher.score, n) for n in range(1, 6)]  # type: ignore[arg-type]
        while batcher._waiting.qsize() < 5:
            pass
        may_go_on.set()
        assert [str(a.result()) for a in answers] == [f"score of {n}" for n in range(6)]
    assert [len(views) for views in asked] == [1, 3, 2]


def test_each_caller_hears_what_went_wrong() -> None:
    def score(views: list[Any]) -> list[Any]:
        raise ValueError("no memory")

    batcher = Batcher(score)
    for _ in range(2):
        with pytest.raises(ValueError, match="no memory"):
            batcher.score(())


@pytest.mark.parametrize("models", [1, 2])
def test_clips_in_one_run_score_as_alone(models: int, tiny_card_path: Path, tmp_path: Path) -> None:
    other = write_model(tmp_path, side_px=64, name="other", input={"side_px": 64})
    names = ",".join([str(tiny_card_path), str(other)][:models])
    card = ensemble.find(names)
    alone, together = Ensemble(card, 1), Ensemble(card, 1, batch_clips=4)
    found = []
    for scorer in (alone, together):
        verdict = Analyzer(Options(model=names, frames=20, threads=1), scorer=scorer).analyze(
            SAMPLE
        )
        found.append(verdict)
    assert len(found[0].timeline) >= 15
    assert [p.p_fake for p in found[1].timeline] == pytest.approx(
        [p.p_fake for p in found[0].timeline], abs=1e-5
    )
    assert found[1].p_fake == pytest.approx(found[0].p_fake, abs=1e-5)
    assert np.isfinite(found[0].p_fake or np.nan)


def test_a_gpu_that_is_not_there_is_told(tiny_card_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is one")
    card = weights.find(tiny_card_path)
    with pytest.raises(Exception, match="pip install onnxruntime-gpu"):
        Ensemble(card, 1, gpu=True)
