from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from facetell.batch import columns
from facetell.batch.columns import SCHEMA, storable
from facetell.batch.results import Share, open_results, read_shard, shards
from facetell.errors import OutputError, UsageError
from tests.batch.made_analysts import outcome

SETTINGS = {"frames": 32}


def _fill(root: Path, names: list[str], rows: int = 2, **changes: Any) -> None:
    with open_results(root, SETTINGS, rows=rows, **changes) as results:
        for name in names:
            results.add(outcome(name))


def _paths(root: Path) -> list[str]:
    return [name for path in shards(root) for name in read_shard(path)["path"].to_pylist()]


def _killed_run(root: Path, names: list[str]) -> None:
    """Leave behind what a run leaves that is killed after these."""
    lines = [outcome(name).line + "\n" for name in names]
    root.mkdir(exist_ok=True)
    (root / "verdicts-00000.journal").write_text("".join(lines))


def test_it_writes_shards_of_so_many_rows(tmp_path: Path) -> None:
    _fill(tmp_path, ["a", "b", "c", "d", "e"])
    assert [path.name for path in shards(tmp_path)] == [
        "verdicts-00000.parquet",
        "verdicts-00001.parquet",
        "verdicts-00002.parquet",
    ]
    assert [len(read_shard(path)) for path in shards(tmp_path)] == [2, 2, 1]
    assert sorted(_paths(tmp_path)) == ["a", "b", "c", "d", "e"]
    assert list(tmp_path.glob("*.journal")) == list(tmp_path.glob("*.part")) == []


def test_it_keeps_each_outcome_before_a_shard_is_full(tmp_path: Path) -> None:
    with open_results(tmp_path, SETTINGS, rows=100) as results:
        results.add(outcome("a"))
        (journal,) = tmp_path.glob("*.journal")
        assert json.loads(journal.read_text())["path"] == "a"


def test_it_goes_on_after_a_killed_run(tmp_path: Path) -> None:
    _killed_run(tmp_path, ["a", "b"])
    with open_results(tmp_path, SETTINGS) as results:
        assert results.done() == {"a", "b"}
        results.add(outcome("c"))
    assert sorted(_paths(tmp_path)) == ["a", "b", "c"]


def test_it_drops_a_line_that_was_not_finished(tmp_path: Path) -> None:
    _killed_run(tmp_path, ["a"])
    with (tmp_path / "verdicts-00000.journal").open("a") as journal:
        journal.write(outcome("b").line[:200])
    with open_results(tmp_path, SETTINGS) as results:
        assert results.done() == {"a"}


def test_it_repeats_what_was_cut_off_between_two_steps(tmp_path: Path) -> None:
    _fill(tmp_path, ["a", "b"])
    _killed_run(tmp_path, ["a", "b"])  # renamed, but the journal not deleted
    (tmp_path / "verdicts-00001.part").write_bytes(b"half")  # not renamed
    _fill(tmp_path, ["c"])
    assert sorted(_paths(tmp_path)) == ["a", "b", "c"]
    assert not list(tmp_path.glob("*.journal"))


def test_a_journal_without_a_whole_line_leaves_no_shard(tmp_path: Path) -> None:
    (tmp_path / "verdicts-00000.journal").write_text('{"schema')
    _fill(tmp_path, [])
    assert [path.name for path in tmp_path.iterdir() if path.name[0] != "."] == ["batch.json"]


def test_it_lets_only_one_run_in(tmp_path: Path) -> None:
    with (
        open_results(tmp_path, SETTINGS),
        pytest.raises(UsageError, match="another run"),
        open_results(tmp_path, SETTINGS),
    ):
        pass
    _fill(tmp_path, ["a"])


def test_shares_write_side_by_side_and_know_of_each_other(tmp_path: Path) -> None:
    first, second = Share(0, 2), Share(1, 2)
    with open_results(tmp_path, SETTINGS, first) as left:
        left.add(outcome("a"))
        with open_results(tmp_path, SETTINGS, second) as right:
            right.add(outcome("b"))
        assert list(tmp_path.glob("verdicts-0-of-2-*.journal")), "the other's live journal"
    assert len(shards(tmp_path)) == 2
    with open_results(tmp_path, SETTINGS) as results:
        assert results.done() == {"a", "b"}


def test_it_adopts_the_journal_of_a_dead_share(tmp_path: Path) -> None:
    _killed_run(tmp_path, ["a"])
    (tmp_path / "verdicts-00000.journal").rename(tmp_path / "verdicts-1-of-3-00004.journal")
    with open_results(tmp_path, SETTINGS, Share(0, 3)) as results:
        assert results.done() == {"a"}
    assert [path.name for path in shards(tmp_path)] == ["verdicts-1-of-3-00004.parquet"]


def test_each_input_belongs_to_one_share() -> None:
    names = [f"clip-{n}.mp4" for n in range(1000)]
    taken = [[name for name in names if Share(i, 4).takes(name)] for i in range(4)]
    assert sorted(name for part in taken for name in part) == sorted(names)
    assert all(200 < len(part) < 300 for part in taken)


def test_it_refuses_results_of_other_settings(tmp_path: Path) -> None:
    _fill(tmp_path, ["a"])
    with (
        pytest.raises(UsageError, match=r"made with frames 32, not 64.*another folder"),
        open_results(tmp_path, {"frames": 64}),
    ):
        pass


def test_it_forgets_what_failed(tmp_path: Path) -> None:
    _fill(tmp_path, ["fake-1", "bad-1", "defect-1"], rows=3)
    with open_results(tmp_path, SETTINGS) as results:
        assert results.forget_failed() == 2
        assert results.done() == {"fake-1"}


def test_it_says_which_shard_is_damaged(tmp_path: Path) -> None:
    _fill(tmp_path, ["a"])
    (shard,) = shards(tmp_path)
    shard.write_bytes(shard.read_bytes()[:-20])
    with (
        pytest.raises(OutputError, match=r"verdicts-00000.parquet: damaged.*delete it"),
        open_results(tmp_path, SETTINGS) as results,
    ):
        results.done()


def test_it_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"), open_results(tmp_path / "file/x", {}):
        pass


def test_every_key_of_the_json_is_a_column() -> None:
    told = json.loads(outcome("fake-1").line)
    assert list(told) == SCHEMA.names


def test_tracks_and_timeline_stay_nested(tmp_path: Path) -> None:
    told = json.loads(outcome("fake-1").line)
    point = {"time_s": 0.5, "track": 3, "p_fake": 0.25, "box_xyxy": [1.0, 2.0, 3.0, 4.5]}
    told["timeline"] = [point]
    table = columns.to_table([json.dumps(told)])
    assert table["timeline"].to_pylist() == [[point]]
    assert table["p_fake"].to_pylist() == [0.9]


def test_a_name_in_no_encoding_is_kept_as_escapes(tmp_path: Path) -> None:
    name = "caf\udce9-\N{FIRE}.mp4"
    _fill(tmp_path, [name])
    assert _paths(tmp_path) == [storable(name)] == ["caf\\udce9-\N{FIRE}.mp4"]


@pytest.mark.parametrize("reader", ["duckdb", "polars"])
def test_people_read_it_in_one_line(reader: str, tmp_path: Path) -> None:
    module = pytest.importorskip(reader)
    _fill(tmp_path, ["fake-1", "real-1", "bad-1"])
    pattern = f"{tmp_path}/*.parquet"
    if reader == "duckdb":
        found = module.sql(f"SELECT label, count(*) FROM '{pattern}' GROUP BY label").fetchall()
    else:
        found = module.read_parquet(pattern)["label"].value_counts().rows()
    assert dict(found) == {"fake": 1, "real": 1, "error": 1}


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, sys; from facetell.batch.results import open_results\n"
        "with open_results(__import__('pathlib').Path(sys.argv[1]), {}): os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    with open_results(tmp_path, {}):
        pass


def test_shards_hold_the_schema(tmp_path: Path) -> None:
    _fill(tmp_path, ["bad-1"])
    assert pq.read_schema(shards(tmp_path)[0]).equals(SCHEMA)
