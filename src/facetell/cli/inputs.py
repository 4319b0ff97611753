"""What the user named on the command line → the files to analyse, in the given order."""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from facetell.errors import FacetellError, InputNotFound, InputUnreadable, NotMedia, UsageError
from facetell.options import MEDIA_SUFFIXES

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Input:
    """One file to analyse, or a path that cannot be and why."""

    path: Path
    error: FacetellError | None = None


def expand(words: Iterable[str], excluded: Path | None = None) -> Iterator[Input]:
    """Find the files behind paths, folders, patterns and `-`.

    Args:
        words: what the user gave, in order.
        excluded: a folder that is not searched, such as that of earlier reports.

    Yields:
        Each file; as an Input with an error a folder without media or that may not be read, and a
        pattern that nothing matches. A path that doesn't exist is yielded as it is: the analysis
        says so.

    Raises:
        UsageError: standard input is no list of paths.
    """
    skipped = excluded.resolve() if excluded else None
    for word in words:
        if word == STDIN:
            yield from (found for line in read_list() for found in _expand_one(line, skipped))
        else:
            yield from _expand_one(word, skipped)


def read_list() -> list[str]:
    """The paths on standard input, one a line, or separated by NUL as `find -print0` does.

    Bytes, not text: a file name may be in no encoding at all.

    Raises:
        UsageError: it is no list but something else, most likely the video itself.
    """
    head = sys.stdin.buffer.read(4096)
    if b"\0\0" in head:  # no list holds an empty name, but every video begins with numbers
        raise UsageError(
            "standard input is not a list of paths: give a video or picture by its path"
        )
    listed = head + sys.stdin.buffer.read()
    separator = b"\0" if b"\0" in listed else b"\n"
    lines = (line.rstrip(b"\r") for line in listed.split(separator))
    return [os.fsdecode(line) for line in lines if line]


def _expand_one(word: str, skipped: Path | None) -> Iterator[Input]:
    path = Path(word)
    # A file may truly be called "clip[1].mp4", so that only what doesn't exist is a pattern.
    if not _exists(path) and glob.has_magic(word):
        matches = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - pathlib's needs a base
        for match in matches:
            yield from _search(Path(match), skipped)
        if not matches:
            yield Input(path, InputNotFound(f"{path}: no file matches this pattern"))
        return
    yield from _search(path, skipped)


def _search(path: Path, skipped: Path | None) -> Iterator[Input]:
    if not _is_folder(path):
        yield Input(path)
        return
    found = False
    for item in _walk(path, skipped):
        found = True
        yield item
    if not found:
        reason = f"{path}: no video or picture in this folder (searched by file ending)"
        yield Input(path, NotMedia(reason))


def _walk(folder: Path, skipped: Path | None) -> Iterator[Input]:
    """Media under a folder in order of name; links to folders and hidden names are left out."""
    refused: list[OSError] = []
    for parent, names, files in os.walk(folder, onerror=refused.append):
        yield from (_unreadable(error) for error in refused)
        refused.clear()
        here = Path(parent)
        names[:] = sorted(
            n for n in names if not n.startswith(".") and not _same(here / n, skipped)
        )
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in MEDIA_SUFFIXES:
                yield Input(here / name)
    yield from (_unreadable(error) for error in refused)


def _unreadable(error: OSError) -> Input:
    path = Path(error.filename)
    return Input(path, InputUnreadable(f"{path}: cannot read this folder: {error.strerror}"))


def _same(path: Path, skipped: Path | None) -> bool:
    return skipped is not None and path.resolve() == skipped


def _exists(path: Path) -> bool:
    """Path.exists that takes every string: too long or with a NUL byte doesn't exist."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False
