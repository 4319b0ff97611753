"""The files of a data set, in a folder or in a tar, by their names relative to it."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from facetell.errors import CorruptMedia, InputNotFound, InputUnreadable, UsageError
from facetell.options import MEDIA_SUFFIXES

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one data set.

    Attributes:
        root: the folder, or the tar.
        places: name → (offset, bytes) in the tar; None in a folder.
        table: the file of labels if the user named one.
    """

    root: Path
    places: Mapping[str, tuple[int, int] | None]
    table: Path | None = None

    @property
    def media(self) -> list[str]:
        """Names of all videos and pictures, sorted."""
        return sorted(name for name in self.places if is_media(name))

    def named(self, name: str) -> list[str]:
        """Names of all files called so, whatever folder they lie in."""
        return sorted(n for n in self.places if PurePosixPath(n).name == name)

    def text(self, name: str) -> str:
        """Return the content of a file of text.

        Raises:
            CorruptMedia: it is no text.
        """
        with self.opened(name) as path:
            return read_text(path)

    @contextmanager
    def opened(self, name: str) -> Iterator[Path]:
        """Give a file a path for a while: its own, or that of a copy out of the tar."""
        place = self.places.get(name)
        if place is None:
            yield self.root / name
            return
        with tempfile.TemporaryDirectory(prefix="facetell-") as folder:
            path = Path(folder) / ("file" + PurePosixPath(name).suffix)
            path.write_bytes(self._cut_out(*place))
            yield path

    def _cut_out(self, offset: int, size: int) -> bytes:
        with self.root.open("rb") as file:
            file.seek(offset)
            return file.read(size)


def dataset_name(source: Path) -> str:
    """Return what a data set is called unless the user calls it something else."""
    path = source.resolve()
    return path.name if path.is_dir() else path.stem


def open_tree(source: Path) -> Tree:
    """List the files of a folder, of a tar, or of the folder or tar beside a table of labels.

    Raises:
        InputNotFound: there is no such thing.
        InputUnreadable: it may not be read.
        UsageError: a file of another kind.
    """
    if source.is_dir():
        return Tree(source, dict.fromkeys(_walk(source)))
    if not source.is_file():
        raise InputNotFound(f"{source}: no such folder, tar or table of labels")
    if tarfile.is_tarfile(source):
        return Tree(source, _members(source))
    if source.suffix.lower() in TABLE_SUFFIXES:
        return _beside(source)
    raise UsageError(f"{source}: give a folder, a tar, or a CSV of file,label")


def is_media(name: str) -> bool:
    """Tell by its ending whether a name is that of a video or picture."""
    return PurePosixPath(name).suffix.lower() in MEDIA_SUFFIXES


def read_text(path: Path) -> str:
    """Read a file of text, with or without a byte order mark.

    Raises:
        InputUnreadable: it may not be read.
        CorruptMedia: it is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptMedia(f"{path}: no text in UTF-8 ({error.reason})") from error
    except OSError as error:
        raise InputUnreadable(f"{path}: {error.strerror}") from error


def _beside(table: Path) -> Tree:
    tar = table.with_suffix(".tar")
    if tar.is_file():
        return Tree(tar, _members(tar), table)
    return Tree(table.parent, dict.fromkeys(_walk(table.parent)), table)


def _walk(root: Path) -> Iterator[str]:
    """Names under a folder; links to folders are followed, once each."""
    seen: set[Path] = set()
    refused: list[OSError] = []
    for parent, names, files in os.walk(root, onerror=refused.append, followlinks=True):
        here = Path(parent)
        if here.resolve() in seen:
            names.clear()
            continue
        seen.add(here.resolve())
        names[:] = sorted(name for name in names if not name.startswith("."))
        relative = here.relative_to(root)
        yield from ((relative / name).as_posix() for name in files if not name.startswith("."))
    if refused:
        path, reason = refused[0].filename, refused[0].strerror
        raise InputUnreadable(f"{path}: cannot read this folder: {reason}")


def _members(tar: Path) -> dict[str, tuple[int, int] | None]:
    try:
        # "r:" refuses a compressed tar, which cannot be read at random
        with tarfile.open(tar, "r:") as archive:
            return {
                member.name.removeprefix("./"): (member.offset_data, member.size)
                for member in archive
                if member.isfile() and not PurePosixPath(member.name).name.startswith(".")
            }
    except tarfile.TarError as error:
        raise UsageError(
            f"{tar}: not a plain tar ({error}); unpack it and give the folder"
        ) from error
