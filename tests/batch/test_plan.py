from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from facetell.batch import plan as planning
from facetell.batch.plan import Found, Plan, carry_out
from facetell.batch.results import Share, read_shard, shards
from facetell.batch.run import run
from facetell.batch.summary import PAGE, counts_line, summarise
from facetell.batch.work import Job, Outcome, failed
from facetell.errors import (
    FacetellError,
    InputUnreadable,
    SourceDenied,
    SourceUnreachable,
    UsageError,
)
from facetell.options import Options
from tests.batch.made_analysts import PlainLoop, outcome


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> PlainLoop:
    """The engine of all plans of a test."""
    engine = PlainLoop()
    monkeypatch.setattr(planning, "_engine", lambda *_: engine)
    return engine


@pytest.fixture
def make(tiny_card_path: Path, tmp_path: Path) -> Any:
    """Makes plans for one folder."""

    def plan(**changes: Any) -> Plan:
        options = changes.pop("options", Options(model=tiny_card_path))
        return Plan(tmp_path / "out", options, shown=False, **changes)

    return plan


def _found(*names: str) -> list[Found]:
    return [Found(name) for name in names]


def _rows(root: Path) -> dict[str, str]:
    rows = [row for path in shards(root) for row in read_shard(path).to_pylist()]
    assert len({row["path"] for row in rows}) == len(rows), "nothing twice"
    return {row["path"]: row["label"] for row in rows}


def test_it_does_only_what_has_no_row(loop: PlainLoop, make: Any) -> None:
    carry_out(make(), _found("real-1", "fake-1"))
    summary = carry_out(make(), _found("real-1", "fake-2", "fake-1", "fake-2"))
    assert loop.ran == ["real-1", "fake-1", "fake-2"]
    assert _rows(make().out) == {"real-1": "real", "fake-1": "fake", "fake-2": "fake"}
    assert counts_line(summary) == "3 videos: 2 fake, 1 real"


def test_a_limit_is_for_one_run(loop: PlainLoop, make: Any) -> None:
    for expected in (["a", "b"], ["a", "b", "c"], ["a", "b", "c"]):
        carry_out(make(limit=2), _found("a", "b", "c"))
        assert loop.ran == expected


def test_shares_add_up_to_everything(loop: PlainLoop, make: Any) -> None:
    names = [f"real-{n}" for n in range(30)]
    for index in range(3):
        carry_out(make(share=Share(index, 3)), _found(*names))
    assert sorted(loop.ran) == sorted(_rows(make().out)) == sorted(names)


def test_failed_ones_are_tried_again_when_asked(loop: PlainLoop, make: Any) -> None:
    carry_out(make(), _found("bad-1", "real-1"))
    carry_out(make(), _found("bad-1", "real-1"))
    assert loop.ran == ["bad-1", "real-1"]
    carry_out(make(retry_failed=True), _found("bad-1", "real-1"))
    assert loop.ran == ["bad-1", "real-1", "bad-1"]
    assert len(_rows(make().out)) == 2


def test_what_cannot_be_searched_is_a_row(loop: PlainLoop, make: Any) -> None:
    error = InputUnreadable("locked: cannot read this folder")
    summary = carry_out(make(), [Found("locked", error), *_found("real-1")])
    assert loop.ran == ["real-1"]
    assert summary.errors == {"unreadable": 1}


def test_it_asks_for_an_input(loop: PlainLoop, make: Any) -> None:
    with pytest.raises(UsageError, match="names no video"):
        carry_out(make(), [])


def test_another_model_needs_another_folder(loop: PlainLoop, make: Any) -> None:
    carry_out(make(), _found("real-1"))
    with pytest.raises(UsageError, match="made with frames 32, not 10"):
        carry_out(make(options=Options(frames=10, model=make().options.model)), _found("real-1"))


def test_an_address_belongs_to_ray(make: Any) -> None:
    with pytest.raises(UsageError, match="add --engine ray"):
        make(address="auto")


def test_what_was_done_before_a_stop_is_kept(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(PlainLoop):
        def run(self, jobs: Any) -> Any:
            yield outcome("real-1")
            raise KeyboardInterrupt

    monkeypatch.setattr(planning, "_engine", lambda *_: Stopped())
    with pytest.raises(KeyboardInterrupt):
        carry_out(make(), _found("real-1", "real-2"))
    assert _rows(make().out) == {"real-1": "real"}
    assert "<h1>1 video</h1>" in (make().out / PAGE).read_text()


# A source that fails


class _Source:
    """An engine whose source fails for names that begin with an error's code."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        for job in jobs:
            kinds: dict[str, type[FacetellError]] = {
                "denied": SourceDenied,
                "silent": SourceUnreachable,
            }
            kind = kinds.get(job.path.split("-")[0])
            yield failed(job, kind(f"{job.path}: why"), 1) if kind else outcome(job.path)


class _Kept:
    """Stands for the folder of results."""

    def __init__(self) -> None:
        self.rows: list[str] = []

    def add(self, outcome: Outcome) -> None:
        self.rows.append(outcome.path)


def _run(names: list[str]) -> tuple[_Kept, list[str]]:
    kept, told = _Kept(), list[str]()
    engine, jobs = _Source(), [Job.of(name) for name in names]
    run(jobs, engine, kept, lambda o: told.append(o.path), give_up_after=3)  # type: ignore[arg-type]
    return kept, told


@pytest.mark.parametrize("code", ["denied", "silent"])
def test_a_source_that_fails_stops_the_run_and_leaves_no_rows(code: str) -> None:
    kept = _Kept()
    jobs = [Job.of(name) for name in ("real-1", f"{code}-1", f"{code}-2", f"{code}-3", "real-2")]
    with pytest.raises(
        (SourceDenied, SourceUnreachable), match=f"3 videos in a row.*{code}-3: why"
    ):
        run(jobs, _Source(), kept, lambda _: None, give_up_after=3)  # type: ignore[arg-type]
    assert kept.rows == ["real-1"]


def test_single_ones_that_cannot_be_had_are_rows() -> None:
    names = ["denied-1", "silent-1", "real-1", "denied-2", "denied-3"]
    kept, told = _run(names)
    assert kept.rows == told == names


def test_the_summary_tells_what_matters(loop: PlainLoop, make: Any) -> None:
    carry_out(make(), _found("fake-<b>", "real-1", "bad-1", "defect-1"))
    found = summarise(make().out)
    assert found.labels == {"fake": 1, "real": 1, "error": 2}
    assert found.suspicious == [(0.9, "fake-<b>"), (0.1, "real-1")]
    assert sum(found.bins) == 2
    assert found.bins[18] == found.bins[2] == 1
    page = (make().out / PAGE).read_text()
    assert "fake-&lt;b&gt;" in page
    assert "<b>" not in page.split("</header>")[1].replace("<b>facetell", "")
    assert "not_media" in page
    assert "ZeroDivisionError" in page
