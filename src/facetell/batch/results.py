"""Outcomes → Parquet, each once, whenever the program is killed.

    batch.json                     the settings that all results share
    verdicts-00000.parquet         a shard: complete, and never written again
    verdicts-00001.journal         the shard that is being filled: one line of JSON a video

A shard is a journal first, and becomes Parquet of the same name when it is full or the run ends:
written beside it, then renamed, then the journal is deleted. A journal whose run was killed
becomes a shard at the next start. One whose shard is there already is only deleted, so that each
step may be repeated. With `--shard i/n` names begin `verdicts-i-of-n-`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from facetell.batch.columns import to_table
from facetell.batch.work import Outcome
from facetell.errors import OutputError, UsageError

SETTINGS = "batch.json"
ROWS = 1000
"""Of a shard: some megabytes at most."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of all inputs that one of several runs takes: number `index`, from 0, of `count`."""

    index: int = 0
    count: int = 1

    def takes(self, path: str) -> bool:
        """Whether an input is this share's: told by its name, so that no list needs an order."""
        return crc32(os.fsencode(path)) % self.count == self.index

    @property
    def prefix(self) -> str:
        """How the names of its shards begin."""
        return "verdicts-" if self.count == 1 else f"verdicts-{self.index}-of-{self.count}-"


class ResultFolder:
    """The results of one run and of those before it; made by `open_results`."""

    def __init__(self, root: Path, share: Share, rows: int) -> None:
        self.root = root
        self._share = share
        self._rows = rows
        self._journal: IO[str] | None = None
        self._lines = 0

    def add(self, outcome: Outcome) -> None:
        """Keep one outcome, from now on whatever happens to this process.

        Raises:
            OutputError: it cannot be written.
        """
        with _writing(self.root):
            if self._journal is None:
                self._journal = self._next_journal().open("x", encoding="ascii")
            self._journal.write(outcome.line + "\n")
            self._journal.flush()
            self._lines += 1
            if self._lines >= self._rows:
                self.seal()

    def seal(self) -> None:
        """Make a shard of what was added since the last one.

        Raises:
            OutputError: it cannot be written.
        """
        if self._journal is None:
            return
        with _writing(self.root):
            self._journal.close()
            _seal(Path(self._journal.name))
        self._journal, self._lines = None, 0

    def done(self) -> set[str]:
        """The paths of all videos that have a row, in shards of any share."""
        done: set[str] = set()
        for path in shards(self.root):
            done.update(read_shard(path, ["path"])["path"].to_pylist())
        return done

    def forget_failed(self) -> int:
        """Drop this share's rows of failed videos, to try them again; return how many.

        Raises:
            OutputError: a shard cannot be written.
        """
        dropped = 0
        for path in shards(self.root):
            if _prefix(path) != self._share.prefix:
                continue  # another run may be writing that one
            table = read_shard(path)
            kept = table.filter(pc.not_equal(table["label"], "error"))
            if gone := len(table) - len(kept):
                dropped += gone
                with _writing(self.root):
                    _write(kept, path)
        return dropped

    def _next_journal(self) -> Path:
        prefix = self._share.prefix
        numbers = [
            int(path.stem.removeprefix(prefix))
            for path in self.root.glob("verdicts-*")
            if _prefix(path) == prefix
        ]
        return self.root / f"{prefix}{max(numbers, default=-1) + 1:05d}.journal"


@contextmanager
def open_results(
    root: Path, settings: Mapping[str, Any], share: Share | None = None, rows: int = ROWS
) -> Iterator[ResultFolder]:
    """Open a folder of results, new or begun, for one run at a time of each share.

    Args:
        root: the folder; made if absent.
        settings: what all results in it must share, as JSON values.
        share: of this run; all inputs by default.
        rows: of a shard.

    Raises:
        UsageError: another run is at work in it, or it holds results of other settings.
        OutputError: it cannot be written.
    """
    share = share or Share()
    with ExitStack() as held:
        with _writing(root):
            root.mkdir(parents=True, exist_ok=True)
            if not held.enter_context(_locked(root / f".{share.prefix}lock")):
                raise UsageError(f"{root}: another run is writing here; wait for it, or stop it")
            _check_settings(root / SETTINGS, settings)
            _adopt_journals(root, share)
        folder = ResultFolder(root, share, rows)
        try:
            yield folder
        finally:
            folder.seal()


def shards(root: Path) -> list[Path]:
    """The complete shards of a folder, by name."""
    return sorted(root.glob("verdicts-*.parquet"))


def read_shard(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a shard, or some of its columns.

    Raises:
        OutputError: it is damaged.
    """
    try:
        return pq.read_table(path, columns=columns, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise OutputError(
            f"{path}: damaged ({error}); delete it and start again: its videos are done anew"
        ) from error


def _adopt_journals(root: Path, share: Share) -> None:
    """Make shards of what killed runs have left."""
    for journal in sorted(root.glob("verdicts-*.journal")):
        owner = _prefix(journal)
        if owner == share.prefix:
            _seal(journal)
            continue
        with _locked(root / f".{owner}lock") as ended:
            if ended and journal.exists():
                _seal(journal)


def _prefix(path: Path) -> str:
    """What `Share.prefix` was of the run that wrote a shard or journal."""
    return path.name[: path.name.rindex("-") + 1]


def _seal(journal: Path) -> None:
    shard = journal.with_suffix(".parquet")
    if not shard.exists() and (lines := _whole_lines(journal)):
        _write(to_table(lines), shard)
    journal.unlink()


def _whole_lines(journal: Path) -> list[str]:
    """The lines of a journal, without one that a killed run could not finish."""
    *lines, _torn = journal.read_bytes().decode("ascii", "replace").split("\n")
    return lines


def _write(table: pa.Table, shard: Path) -> None:
    part = shard.with_suffix(".part")
    pq.write_table(table, part, compression="zstd")
    with part.open("r+b") as file:  # Windows flushes only what may be written
        os.fsync(file.fileno())
    part.replace(shard)


def _check_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Refuse to mix results that cannot be compared."""
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        part.replace(path)
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: damaged; give another folder with --out") from error
    for name in {**before, **settings}:
        if before.get(name) != settings.get(name):
            raise UsageError(
                f"{path.parent}: holds results made with {name} {before.get(name)!r}, not "
                f"{settings.get(name)!r}; give the same, or another folder with --out"
            )


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether nobody else holds this lock, and hold it; it goes with its process."""
    with path.open("a+b") as file:
        yield _try_to_lock(file)


def _try_to_lock(file: IO[bytes]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{error.filename or root}: cannot write: {error.strerror}; what was done is kept: "
            "make room, and start the same command again"
        ) from error
