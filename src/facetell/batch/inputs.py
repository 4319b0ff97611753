"""Lists, tables and prefixes → the paths and addresses of videos.

A list holds one path or address a line, or separated by NUL bytes; a table is CSV or Parquet with
a column of them. They are taken as they stand: a line names a video, never a folder.
"""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from facetell.batch.storage import is_remote, list_media, opened
from facetell.errors import NotMedia, UsageError
from facetell.options import MEDIA_SUFFIXES

LISTS = (".txt", ".list")
TABLES = (".csv", ".parquet")
_ROWS = 10_000
"""Of a Parquet table, in memory at a time."""


def names_a_list(named: str) -> bool:
    """Whether this input is a list or table, by its ending."""
    return _ending(named) in (*LISTS, *TABLES)


def read_list(named: str, column: str | None = None) -> Iterator[str]:
    """Yield the paths and addresses of a list or table, in its order.

    Args:
        named: path or address of the list.
        column: of a table; not needed if it has only one.

    Raises:
        UsageError: there is no such column, or it is no list.
        InputError: it cannot be read.
    """
    with opened(named) as file:
        if _ending(named) == ".csv":
            yield from _read_csv(named, file, column)
        elif _ending(named) == ".parquet":
            yield from _read_parquet(named, file, column)
        elif column is not None:
            raise UsageError(f"--column: {named} is a plain list; a CSV or Parquet has columns")
        else:
            yield from read_lines(named, file)


def read_lines(named: str, file: BinaryIO) -> Iterator[str]:
    """Yield the lines of a list. Bytes, not text: a file name may be in no encoding at all.

    Raises:
        UsageError: it is no list but something else, most likely a video itself.
    """
    content = file.read()
    if b"\0\0" in content[:4096]:  # no list holds an empty name, but videos begin with numbers
        raise UsageError(f"{named}: not a list of paths; a video is given by its own ending")
    separator = b"\0" if b"\0" in content else b"\n"
    for line in content.split(separator):
        if name := line.rstrip(b"\r"):
            yield os.fsdecode(name)


def find_remote(named: str) -> Iterator[str]:
    """Yield the videos under a prefix, or the one of that address.

    Raises:
        NotMedia: there is none.
        InputError: it cannot be listed.
        MissingDependency: the extra `cloud` is not installed.
    """
    if _ending(named) in MEDIA_SUFFIXES:
        yield named
        return
    found = False
    for address in list_media(named):
        found = True
        yield address
    if not found:
        raise NotMedia(f"{named}: no video or picture there (searched by file ending)")


def _ending(named: str) -> str:
    # An address may end in a query, such as a signature.
    path = named.partition("?")[0] if is_remote(named) else named
    return PurePosixPath(path).suffix.lower()


def _read_csv(named: str, file: BinaryIO, column: str | None) -> Iterator[str]:
    rows = csv.reader(codecs.iterdecode(file, "utf-8-sig", "surrogateescape"))
    try:
        header = next(rows, [])
        place = header.index(_column(named, header, column))
        for row in rows:
            if len(row) > place and row[place]:
                yield row[place]
    except csv.Error as error:
        raise UsageError(f"{named}: line {rows.line_num}: not a CSV table: {error}") from error


def _read_parquet(named: str, file: BinaryIO, column: str | None) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
        chosen = _column(named, table.schema_arrow.names, column)
        for batch in table.iter_batches(_ROWS, columns=[chosen]):
            yield from (str(value) for value in batch[chosen].to_pylist() if value)
    except pa.ArrowException as error:
        raise UsageError(f"{named}: not a Parquet table: {error}") from error


def _column(named: str, columns: list[str], wanted: str | None) -> str:
    if wanted is None and len(columns) == 1:
        return columns[0]
    if wanted in columns:
        return str(wanted)
    asked = "say by --column which holds the videos" if wanted is None else f"no column {wanted!r}"
    raise UsageError(f"{named}: {asked}; it has {', '.join(columns) or 'none'}")
