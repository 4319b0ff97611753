from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow")

from facetell.errors import CorruptMedia, InputNotFound, OutputError, UsageError
from facetell.train import store_writer
from facetell.train.store import POINTS, ClipRecord, Store, encode_jpeg, fill_identities, shard_path
from facetell.train.store_writer import JOURNAL, NewClip, StoreWriter

SIDE = 32


def new_clip(file: str, frames: int = 3, marked: bool = False, track: int = 0) -> NewClip:
    """A clip whose frame k is of gray 10 * k plus the length of the file's name."""
    grays = [10 * k + len(file) for k in range(frames)]
    record = ClipRecord(
        clip=f"d/{file}#{track}", dataset="d", file=file, is_fake="fake" in file, source="s",
        manipulation="", method="", group=file, original="", part="", identity="", track=track,
        quality=0.5, frames=0, side_px=SIDE, margin=1.3, has_points=False,
    )  # fmt: skip
    jpegs = tuple(encode_jpeg(np.full((SIDE, SIDE, 3), gray, np.uint8)) for gray in grays)
    points = np.full((frames, POINTS, 2), len(file), np.float16) if marked else None
    return NewClip(record, jpegs, tuple(k / 10 for k in range(frames)), points)


def grays_of(store: Store, clip: str, where: list[int] | None = None) -> list[int]:
    return [round(float(p.mean())) for p in store.frames(store.find(clip), where)]


def make(root: Path, *files: str, marked: bool = False) -> Store:
    with StoreWriter(root) as writer:
        for file in files:
            writer.add([new_clip(file, marked=marked)])
        writer.finish()
    return Store(root)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = make(tmp_path, "a.mp4", "fake.mp4", marked=True)
    assert [r.file for r in store.records] == ["a.mp4", "fake.mp4"]
    assert [r.is_fake for r in store.records] == [False, True]
    assert grays_of(store, "d/a.mp4#0") == [5, 15, 25]
    assert grays_of(store, "d/fake.mp4#0", [2, 0]) == [28, 8]
    record = store.find("d/fake.mp4#0")
    assert store.times_s(record) == pytest.approx([0, 0.1, 0.2])
    assert store.points(record, [1]).shape == (1, POINTS, 2)
    assert (store.points(record) == 8).all()


def test_crops_lose_next_to_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(60, 200, (SIDE, SIDE, 3), np.uint8)  # the worst there is for a JPEG
    with StoreWriter(tmp_path) as writer:
        writer.add([NewClip(new_clip("n.png").record, (encode_jpeg(noise),), (0.0,))])
        writer.finish()
    store = Store(tmp_path)
    assert np.abs(store.frames(store.records[0])[0].astype(int) - noise).mean() < 3


def test_it_goes_to_other_processes(tmp_path: Path) -> None:
    store = make(tmp_path, "a.mp4")
    store.frames(store.records[0])
    assert grays_of(pickle.loads(pickle.dumps(store)), "d/a.mp4#0") == [5, 15, 25]


def test_a_second_run_adds_and_does_nothing_twice(tmp_path: Path) -> None:
    make(tmp_path, "a.mp4")
    with StoreWriter(tmp_path) as writer:
        assert writer.has("d", "a.mp4")
        assert not writer.has("other", "a.mp4")
        writer.add([new_clip("bb.mp4")])
        writer.finish()
    store = Store(tmp_path)
    assert [r.file for r in store.records] == ["a.mp4", "bb.mp4"]
    assert grays_of(store, "d/bb.mp4#0") == [6, 16, 26]


def test_it_starts_a_new_shard_when_one_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_writer, "SHARD_BYTES", 1000)
    monkeypatch.setattr(store_writer, "ROWS_A_TABLE", 2)
    store = make(tmp_path, "a", "bb", "ccc", "dddd", "eeeee", marked=True)
    assert len(list((tmp_path / "shards").iterdir())) > 1
    for record in store.records:
        assert grays_of(store, record.clip) == [10 * k + len(record.file) for k in range(3)]
        assert (store.points(record) == len(record.file)).all()


KILLED = """
import os, signal, sys
from pathlib import Path
from facetell.train.store_writer import StoreWriter
from tests.train.test_store import new_clip
writer = StoreWriter(Path(sys.argv[1]))
writer.add([new_clip("a.mp4", marked=True)])
writer.skip("d", "broken.mp4", "corrupt")
writer._append(new_clip("half.mp4", marked=True))  # crops are there, the journal's line is not
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_keeps_what_was_finished_and_drops_the_rest(tmp_path: Path) -> None:
    root = tmp_path / "s"
    done = subprocess.run([sys.executable, "-c", KILLED, str(root)], cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL
    half = shard_path(root, 0).stat().st_size
    with pytest.raises(InputNotFound, match="finishes one"):
        Store(root)
    with StoreWriter(root) as writer:
        assert shard_path(root, 0).stat().st_size < half
        assert [writer.has("d", f) for f in ("a.mp4", "broken.mp4", "half.mp4")] == [
            True,
            True,
            False,
        ]
        writer.add([new_clip("half.mp4", marked=True)])
        writer.finish()
    store = Store(root)
    assert [r.file for r in store.records] == ["a.mp4", "half.mp4"]
    assert grays_of(store, "d/half.mp4#0") == [8, 18, 28]
    assert (store.points(store.records[1]) == 8).all()
    assert (root / "skipped.csv").read_text().splitlines() == [
        "file,reason",
        "d/broken.mp4,corrupt",
    ]


def test_a_line_cut_off_in_the_middle_counts_for_nothing(tmp_path: Path) -> None:
    with StoreWriter(tmp_path) as writer:
        writer.add([new_clip("a.mp4")])
        writer.add([new_clip("bb.mp4")])
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-20])
    with StoreWriter(tmp_path) as writer:
        assert writer.has("d", "a.mp4")
        assert not writer.has("d", "bb.mp4")


def test_a_line_whose_crops_never_reached_the_disk_counts_for_nothing(tmp_path: Path) -> None:
    with StoreWriter(tmp_path) as writer:
        writer.add([new_clip("a.mp4")])
        writer.add([new_clip("bb.mp4")])
    shard = shard_path(tmp_path, 0)
    shard.write_bytes(shard.read_bytes()[:-1])
    with StoreWriter(tmp_path) as writer:
        assert writer.has("d", "a.mp4")
        assert not writer.has("d", "bb.mp4")


def test_a_run_killed_while_it_finishes_repeats_nothing(tmp_path: Path) -> None:
    with StoreWriter(tmp_path) as writer:
        writer.add([new_clip("a.mp4")])
        journal = (tmp_path / JOURNAL).read_bytes()
        writer.finish()
    (tmp_path / JOURNAL).write_bytes(journal)  # the index is there, the journal not yet removed
    with StoreWriter(tmp_path) as writer:
        writer.finish()
    assert [r.file for r in Store(tmp_path).records] == ["a.mp4"]


def test_a_skipped_file_is_tried_again_once_the_run_is_over(tmp_path: Path) -> None:
    with StoreWriter(tmp_path) as writer:
        writer.skip("d", "a.mp4", "corrupt")
        writer.skip("d", "b.mp4", "corrupt")
        writer.finish()
    with StoreWriter(tmp_path) as writer:
        assert not writer.has("d", "a.mp4")
        writer.add([new_clip("a.mp4")])
        writer.finish()
    assert (tmp_path / "skipped.csv").read_text().splitlines()[1:] == ["d/b.mp4,corrupt"]


FULL = """
import resource, sys
from pathlib import Path
from facetell.errors import OutputError
from facetell.train.store_writer import StoreWriter
from tests.train.test_store import new_clip
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))  # no file may grow beyond
with StoreWriter(Path(sys.argv[1])) as writer:
    try:
        for k in range(100):
            writer.add([new_clip(f"{k:03d}.mp4")])
    except OutputError as error:
        print(k, error)
"""


def test_a_full_disk_is_a_clear_error_and_what_was_finished_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    count, message = done.stdout.split(" ", 1)
    assert "make room and run the same command again" in message
    assert 0 < int(count) < 100
    with StoreWriter(tmp_path) as writer:
        assert writer.has("d", f"{int(count) - 1:03d}.mp4")
        assert not writer.has("d", f"{int(count):03d}.mp4")
        writer.add([new_clip(f"{int(count):03d}.mp4")])
        writer.finish()
    store = Store(tmp_path)
    assert len(store) == int(count) + 1
    assert grays_of(store, store.records[-1].clip) == [7, 17, 27]


def test_it_refuses_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(UsageError, match="holds something else"):
        StoreWriter(tmp_path)


def test_it_refuses_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "s").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        StoreWriter(tmp_path / "s")


def test_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="facetell prepare"):
        Store(tmp_path)
    store = make(tmp_path / "s", "a.mp4")
    with pytest.raises(UsageError, match="--landmarks"):
        store.points(store.records[0])
    with pytest.raises(InputNotFound, match="no clip"):
        store.find("b.mp4#0")


@pytest.mark.parametrize("left", [0, 700])
def test_it_says_that_a_shard_is_cut_off(tmp_path: Path, left: int) -> None:
    store = make(tmp_path, "a.mp4")
    shard = shard_path(tmp_path, 0)
    shard.write_bytes(shard.read_bytes()[:left])
    with pytest.raises(CorruptMedia, match="prepare"):
        store.frames(store.records[0])


def test_it_says_that_an_index_is_none(tmp_path: Path) -> None:
    (tmp_path / "index.parquet").write_text(json.dumps({}))
    with pytest.raises(CorruptMedia, match="not a store's index"):
        Store(tmp_path)


def test_identities_are_filled_in(tmp_path: Path) -> None:
    make(tmp_path, "a.mp4", "bb.mp4")
    fill_identities(tmp_path, {"d/bb.mp4#0": "p7"})
    assert [r.identity for r in Store(tmp_path).records] == ["", "p7"]
