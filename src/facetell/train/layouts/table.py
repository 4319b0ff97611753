"""A table of `file,label`, beside its files or beside a tar of the same name.

With or without a header; more columns (manipulation, method, group, source, original, split, and
what is known of the person) are taken where a header names them. Labels are REAL and FAKE in any
case, or whatever --fake-is says.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from facetell.errors import UsageError
from facetell.train.layouts.media import PARTS, Choices, Layout, Listing, Media, Trait
from facetell.train.layouts.tree import Tree, read_text

COLUMNS = {
    "file": ("file", "path", "filename", "file_name", "name", "video", "videoname", "image"),
    "label": ("label", "class", "is_fake", "target"),
    "part": ("part", "split", "subset", "set"),
    "manipulation": ("manipulation",),
    "method": ("method",),
    "group": ("group",),
    "source": ("source",),
    "original": ("original",),
}
"""Our names → those that tables have."""
TRAITS = ("skin_tone", "gender", "age", "ethnicity")
"""Columns that say who is seen: an evaluation is cut by them."""
NAMES = ("labels.csv", "labels.tsv")
"""Looked for in a folder that was given without one."""


def matches(tree: Tree) -> bool:
    """Tell whether the user named a table, or the folder has one at its top."""
    return tree.table is not None or any(_is_table(tree, name) for name in NAMES)


def read(tree: Tree, choices: Choices) -> Listing:
    """List the files that the table names.

    Raises:
        UsageError: a label that means nothing or has no file, or a file with two labels.
    """
    where = tree.table or tree.root / next(n for n in NAMES if _is_table(tree, n))
    media: dict[str, Media] = {}
    missing: list[str] = []
    for line, row in _rows(where, (*TRAITS, *choices.traits)):
        found = _media(row, line, where, choices, tree)
        if not _is_there(tree, found.file):
            missing.append(found.file)
        elif found.is_fake != media.setdefault(found.file, found).is_fake:
            raise UsageError(f"{where}, line {line}: {found.file} was given the other label before")
    if missing and not choices.allow_missing:
        raise UsageError(
            f"{where}: {len(missing)} labels have no file, the first is {missing[0]}; "
            "correct the table, or leave them out with --allow-missing"
        )
    skipped = tuple((name, "labelled, but not there") for name in missing)
    return Listing(tuple(_with_originals(media)), skipped)


def _rows(where: Path, traits: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line numbers, and rows under our names of columns."""
    lines = list(csv.reader(read_text(where).splitlines(), delimiter=_delimiter(where)))
    numbered = [(k, [c.strip() for c in cells]) for k, cells in enumerate(lines, 1) if any(cells)]
    if not numbered:
        raise UsageError(f"{where}: empty; give one line a file: file,label")
    header = _header(numbered[0][1], traits)
    if header is None:
        header = {"file": 0, "label": 1}
    else:
        numbered = numbered[1:]
    for line, cells in numbered:
        if len(cells) <= max(header["file"], header["label"]):
            raise UsageError(f"{where}, line {line}: a file and its label are expected")
        yield line, {name: cells[at] for name, at in header.items() if at < len(cells)}


def _header(cells: list[str], traits: Sequence[str]) -> dict[str, int] | None:
    """Return our columns' places, or None if this line names a file."""
    lowered = [cell.lower() for cell in cells]
    others = {t: lowered.index(t.lower()) for t in traits if t.lower() in lowered}
    places = {
        ours: lowered.index(theirs)
        for ours, known in COLUMNS.items()
        for theirs in reversed(known)
        if theirs in lowered
    }
    return others | places if {"file", "label"} <= set(places) else None


def _delimiter(where: Path) -> str:
    first = next((line for line in read_text(where).splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _media(row: Mapping[str, str], line: int, where: Path, choices: Choices, tree: Tree) -> Media:
    is_fake = _label(row["label"], choices.fake_is, f"{where}, line {line}")
    file = PurePosixPath(row["file"].replace("\\", "/")).as_posix()
    part = row.get("part", "").lower()
    return Media(
        file=file,
        is_fake=is_fake,
        source=row.get("source") or tree.root.stem,
        group=row.get("group") or row.get("original") or str(PurePosixPath(file).with_suffix("")),
        manipulation=row.get("manipulation", "") if is_fake else "",
        method=row.get("method", "") if is_fake else "",
        original=row.get("original", "") if is_fake else "",
        part=PARTS.get(part, ""),
        traits=tuple(
            Trait(name, row[name])
            for name in dict.fromkeys((*TRAITS, *choices.traits))
            if row.get(name)
        ),
    )


def _label(word: str, fake_is: str, where: str) -> bool:
    if fake_is:
        return word.lower() == fake_is.lower()
    if word.lower() in ("real", "fake"):
        return word.lower() == "fake"
    hint = "say which means fake with --fake-is" if word in ("0", "1") else "REAL or FAKE is known"
    raise UsageError(f"{where}: label {word!r}: {hint}")


def _with_originals(media: Mapping[str, Media]) -> Iterator[Media]:
    """Turn the originals' names into files of this data set, as far as they are here."""
    by_stem = {PurePosixPath(m.file).stem: m.file for m in media.values() if not m.is_fake}
    for item in media.values():
        real = by_stem.get(PurePosixPath(item.original).stem, "") if item.original else ""
        yield replace(item, original=real)


def _is_there(tree: Tree, file: str) -> bool:
    return file in tree.places or (tree.root.is_dir() and (tree.root / file).is_file())


def _is_table(tree: Tree, name: str) -> bool:
    return tree.root.is_dir() and (tree.root / name).is_file()


LAYOUT = Layout("table", "CSV of file,label beside its files or a tar of its name", matches, read)
