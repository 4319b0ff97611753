from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from facetell.errors import UsageError
from facetell.train.device import choose_device, mixed_precision


@pytest.mark.parametrize("name", ["cuda:99", "abacus"])
def test_it_says_that_a_device_is_not_there(name: str) -> None:
    with pytest.raises(UsageError, match=f"device '{name}' does not work here"):
        choose_device(name)


def test_it_takes_the_best_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (torch.cuda, torch.backends.mps, torch.xpu):
        monkeypatch.setattr(there, "is_available", lambda: False)
    assert choose_device() == torch.device("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device() == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert choose_device() == torch.device("cuda:1")


def test_it_computes_in_bfloat16_on_a_cpu_and_in_float32_at_apples() -> None:
    x = torch.ones(2, 2)
    with mixed_precision(torch.device("cpu")):
        assert (x @ x).dtype == torch.bfloat16
    with mixed_precision(torch.device("mps")):
        assert (x @ x).dtype == torch.float32
