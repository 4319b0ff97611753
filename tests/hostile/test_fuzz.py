"""A short run of the fuzzer, and again those mutants that once did harm."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from facetell.errors import MediaTooLarge
from facetell.options import Limits
from facetell.video import Sampling, open_video
from facetell.video.sandbox import Decoder
from tests.hostile.canaries import needs_inotify
from tests.hostile.decoding import PATIENCE_S, reader
from tests.hostile.fuzz import fuzz
from tests.hostile.mutants import mutants, seeds
from tests.media import make_video

pytestmark = needs_inotify
KEPT = Path(__file__).parent / "kept"


def test_no_mutant_does_harm(tmp_path: Path) -> None:
    outcomes = [(m.number, m.seed, outcome) for m, outcome in fuzz(range(160), tmp_path)]
    assert [each for each in outcomes if each[-1].is_fault] == []
    kinds = {outcome.kind for _, _, outcome in outcomes}
    assert kinds >= {"read", "corrupt"}  # mutants that are all refused would try nothing


def test_what_once_did_harm_does_none_any_more() -> None:
    paths = [path for path in sorted(KEPT.iterdir()) if path.is_file()]
    assert len(paths) >= 4
    with reader() as process:
        for path in paths:
            outcome = process.read(path)
            assert not outcome.is_fault, (path.name, outcome)


def test_a_decoder_that_waits_for_ever_costs_one_file(tmp_path: Path) -> None:
    """FFmpeg's threads wait for each other over this mutant, where there are several."""
    decoder, started_s = Decoder(), time.perf_counter()
    limits = Limits(wait_s=2)
    for path in (KEPT / "waiting").iterdir():
        with contextlib.suppress(MediaTooLarge), open_video(path, limits, decoder) as video:
            assert list(video.frames(Sampling(4)))  # one thread alone gets through
    assert time.perf_counter() - started_s < 20
    with open_video(make_video(tmp_path / "good.mp4"), limits, decoder) as video:
        assert len(list(video.frames(Sampling(4)))) == 4


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
