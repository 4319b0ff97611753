"""Clips → a store (see `store`), file by file, so that a kill loses nothing that was finished.

A file's crops are appended to the newest shard, then one line in journal.jsonl says that the file
is finished and where its clips lie. What a killed run left behind its last whole line is cut off
when the store is opened again. `finish` turns the journal into the index.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from facetell.errors import CorruptMedia, OutputError, UsageError
from facetell.train.store import (
    INDEX,
    POINT_BYTES,
    RECORD_COLUMNS,
    SCHEMA,
    ClipRecord,
    points_path,
    read_index,
    shard_path,
    write_index,
)

JOURNAL = "journal.jsonl"
SKIPPED = "skipped.csv"
DATASETS = "datasets.json"
SHARD_BYTES = 256 << 20
ROWS_A_TABLE = 4096
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class NewClip:
    """A clip on its way into a store.

    Attributes:
        record: what is known of it; `frames` and `has_points` follow from the rest.
        jpegs: its crops, T.
        times_s: of each crop.
        points: landmarks, float16 (T, 468, 2), or None.
    """

    record: ClipRecord
    jpegs: tuple[bytes, ...]
    times_s: tuple[float, ...]
    points: npt.NDArray[np.float16] | None = None


class StoreWriter:
    """Adds clips to a new store, or to one that a run left behind; a context manager.

    Args:
        root: the store's folder.

    Raises:
        OutputError: the folder cannot be written.
        UsageError: the folder holds something else.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        with _writing(root):
            _check_folder(root)
            for name in ("shards", "landmarks"):
                (root / name).mkdir(parents=True, exist_ok=True)
            old = [read_index(root)] if (root / INDEX).exists() else []
            self._tables: list[pa.Table] = old
            self._rows: list[Row] = []  # not yet in a table, which needs a tenth of the memory
            self._finished = {pair for table in old for pair in _files(table)}
            self._skipped: dict[tuple[str, str], str] = {}
            self._read_journal()
            self._cut_shards()
            self._journal = (root / JOURNAL).open("ab")
        self._number = max((int(p.stem) for p in root.glob("shards/*.jpegs")), default=0)
        self._shard: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def register(self, dataset: str, facts: Mapping[str, Any]) -> None:
        """Note from what and how a data set is prepared.

        Raises:
            UsageError: the store holds one of this name that was prepared otherwise.
            OutputError: the note cannot be written.
        """
        known = read_datasets(self._root)
        if dataset in known and known[dataset] != facts:
            old, key = known[dataset], next(k for k in facts if known[dataset].get(k) != facts[k])
            raise UsageError(
                f"{self._root}: {dataset} was prepared with {key} {old.get(key)!r}, not "
                f"{facts[key]!r}; go on with the same, or give it another --name"
            )
        with _writing(self._root):
            part = self._root / (DATASETS + ".part")
            part.write_text(json.dumps(known | {dataset: facts}, indent=1), encoding="utf-8")
            part.replace(self._root / DATASETS)

    @property
    def skipped(self) -> int:
        """How many files this run skipped, or the ones before that it goes on with."""
        return len(self._skipped)

    def has(self, dataset: str, file: str) -> bool:
        """Tell whether a file is finished, be it stored or skipped by this run."""
        return (dataset, file) in self._finished or (dataset, file) in self._skipped

    def add(self, clips: Sequence[NewClip]) -> None:
        """Store all clips of one file; afterwards the file is finished.

        Raises:
            OutputError: they cannot be written, the disk is full for example.
        """
        with _writing(self._root):
            rows = [self._append(clip) for clip in clips]
            self._note({"rows": rows})
        self._take(rows)

    def skip(self, dataset: str, file: str, reason: str) -> None:
        """Note that a file gives no clip, and why.

        Raises:
            OutputError: the note cannot be written.
        """
        with _writing(self._root):
            self._note({"dataset": dataset, "file": file, "reason": reason})
        self._skipped[dataset, file] = reason

    def finish(self) -> None:
        """Write the index and the list of what was skipped.

        Files that were skipped are tried again if the store is opened once more.

        Raises:
            OutputError: they cannot be written.
        """
        table = self._table().sort_by("clip")  # whatever order the files were done in
        with _writing(self._root):
            self._settle()
            self.close()
            write_index(self._root, table)
            self._write_skipped()
            (self._root / JOURNAL).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files; the store can be gone on with later."""
        for file in (self._shard, self._journal):
            if file is not None:
                with suppress(OSError):  # a full disk was told already
                    file.close()
        journal = self._root / JOURNAL
        if _size(journal) == 0:
            journal.unlink(missing_ok=True)

    def _append(self, clip: NewClip) -> Row:
        shard, offset = self._place()
        assert self._shard is not None
        self._shard.write(b"".join(clip.jpegs))
        self._shard.flush()
        points_at = -1 if clip.points is None else _append_points(self._root, shard, clip.points)
        record = replace(clip.record, frames=len(clip.jpegs), has_points=clip.points is not None)
        where = (shard, offset, [len(jpeg) for jpeg in clip.jpegs], list(clip.times_s), points_at)
        known = {name: getattr(record, name) for name in RECORD_COLUMNS}
        return known | dict(zip(SCHEMA.names[len(known) :], where, strict=True))

    def _place(self) -> tuple[int, int]:
        """Return the shard to append to, opened, and its size."""
        if self._shard is None:
            self._shard = shard_path(self._root, self._number).open("ab")
        if self._shard.tell() >= SHARD_BYTES:
            self._settle()
            self._shard.close()
            self._number += 1
            self._shard = shard_path(self._root, self._number).open("ab")
        return self._number, self._shard.tell()

    def _settle(self) -> None:
        """Wait until the crops are on the disk: what the index names must outlive a power cut."""
        if self._shard is not None:
            os.fsync(self._shard.fileno())

    def _table(self) -> pa.Table:
        self._tables.append(pa.Table.from_pylist(self._rows, SCHEMA))
        self._rows.clear()
        return pa.concat_tables(self._tables)

    def _note(self, entry: dict[str, Any]) -> None:
        self._journal.write(json.dumps(entry).encode() + b"\n")
        self._journal.flush()

    def _read_journal(self) -> None:
        """Take over what an earlier run finished, and cut off the line that it died in."""
        path = self._root / JOURNAL
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
            entry = _entry(line)
            if entry is None or not all(self._is_there(row) for row in entry.get("rows", [])):
                break
            whole += len(line)
            if "reason" in entry:
                self._skipped[entry["dataset"], entry["file"]] = entry["reason"]
            else:  # the index has them already if the run died while it finished
                self._take([r for r in entry["rows"] if not self.has(r["dataset"], r["file"])])
        if path.exists():
            os.truncate(path, whole)

    def _is_there(self, row: Row) -> bool:
        """Tell whether the bytes of a row reached the disk: after a power cut they may not."""
        return _end(row) <= _size(shard_path(self._root, row["shard"])) and _points_end(
            row
        ) <= _size(points_path(self._root, row["shard"]))

    def _take(self, rows: Sequence[Row]) -> None:
        self._rows += rows
        self._finished.update((row["dataset"], row["file"]) for row in rows)
        if len(self._rows) >= ROWS_A_TABLE:
            self._tables = [self._table()]

    def _cut_shards(self) -> None:
        """Cut off what belongs to no finished file."""
        ends: dict[Path, int] = {}
        for row in self._table().select(_PLACES).to_pylist():
            for path, end in (
                (shard_path(self._root, row["shard"]), _end(row)),
                (points_path(self._root, row["shard"]), _points_end(row)),
            ):
                ends[path] = max(ends.get(path, 0), end)
        for path in [*self._root.glob("shards/*.jpegs"), *self._root.glob("landmarks/*.points")]:
            os.truncate(path, ends.get(path, 0))

    def _write_skipped(self) -> None:
        skipped = self._skipped_before()
        skipped |= {f"{dataset}/{file}": why for (dataset, file), why in self._skipped.items()}
        part = self._root / (SKIPPED + ".part")
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "reason"])
            writer.writerows(skipped.items())
        part.replace(self._root / SKIPPED)

    def _skipped_before(self) -> dict[str, str]:
        path = self._root / SKIPPED
        if not path.exists():
            return {}
        finished = {f"{dataset}/{file}" for dataset, file in self._finished}
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(row["file"], row["reason"]) for row in csv.DictReader(file)]
        return {name: why for name, why in rows if name not in finished}


def read_datasets(root: Path) -> dict[str, dict[str, Any]]:
    """Return from what and how each data set of a store was prepared, by name.

    Raises:
        CorruptMedia: the note is damaged.
    """
    path = root / DATASETS
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise CorruptMedia(f"{path}: damaged ({error}); remove it and name each source") from error


_PLACES = ["shard", "offset", "lengths", "frames", "points_offset"]


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Turn the system's refusal to write into an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{error.filename or root}: cannot be written ({error.strerror}); what was finished "
            "is kept: make room and run the same command again"
        ) from error


def _check_folder(root: Path) -> None:
    known = {INDEX, JOURNAL, SKIPPED, DATASETS, "shards", "landmarks"}
    if root.is_dir() and (names := {path.name for path in root.iterdir()}) and not names & known:
        raise UsageError(f"{root}: holds something else than a store; give a new folder")


def _append_points(root: Path, shard: int, points: npt.NDArray[np.float16]) -> int:
    with points_path(root, shard).open("ab") as file:
        start = file.tell()
        file.write(np.ascontiguousarray(points, np.float16).tobytes())
    return start


def _files(table: pa.Table) -> Iterator[tuple[str, str]]:
    return zip(table["dataset"].to_pylist(), table["file"].to_pylist(), strict=True)


def _entry(line: bytes) -> Row | None:
    try:
        entry: Row = json.loads(line)
    except ValueError:
        return None
    return entry if line.endswith(b"\n") else None


def _end(row: Row) -> int:
    return int(row["offset"]) + sum(row["lengths"])


def _points_end(row: Row) -> int:
    start = int(row["points_offset"])
    return 0 if start < 0 else start + int(row["frames"]) * POINT_BYTES


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
