"""A short run of the fuzzer, and again those mutants that once did harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.canaries import needs_inotify
from tests.hostile.decoding import PATIENCE_S, reader
from tests.hostile.fuzz import fuzz
from tests.hostile.mutants import mutants, seeds

pytestmark = needs_inotify
KEPT = sorted((Path(__file__).parent / "kept").iterdir())


def test_no_mutant_does_harm(tmp_path: Path) -> None:
    outcomes = [(m.number, m.seed, outcome) for m, outcome in fuzz(range(160), tmp_path)]
    assert [each for each in outcomes if each[-1].is_fault] == []
    kinds = {outcome.kind for _, _, outcome in outcomes}
    assert kinds >= {"read", "corrupt"}  # mutants that are all refused would try nothing


def test_what_once_did_harm_does_none_any_more() -> None:
    with reader() as process:
        for path in KEPT:
            outcome = process.read(path)
            assert not outcome.is_fault, (path.name, outcome)


def test_it_notices_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies, or says nothing, is told from one that refuses."""
    monkeypatch.setattr("tests.hostile.decoding.PATIENCE_S", 0.5)
    with reader() as process:
        process._started().kill()
        assert process.read(tmp_path / "a").kind == "death"
        assert process.read(tmp_path / "a").kind == "not_found"
        assert process._process is not None
        process._process.send_signal(19)  # SIGSTOP
        assert process.read(tmp_path / "a").kind == "hang"
    assert PATIENCE_S == 10


def test_a_number_always_makes_the_same_mutant(tmp_path: Path) -> None:
    made = {"a": bytes(range(256)) * 4, "b": b"x" * 100}
    first = [mutant.data for mutant in mutants(made, range(40))]
    assert first == [mutant.data for mutant in mutants(made, range(40))]
    assert len(set(first)) > 35


def test_there_is_a_seed_of_each_kind(tmp_path: Path) -> None:
    assert len(seeds(tmp_path)) >= 31
