"""Data sets as they lie on disk → labelled media: one module a layout, found by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facetell.errors import UsageError
from facetell.train.layouts import (
    celeb_df,
    deeperforensics,
    dfdc,
    faceforensics,
    fakeavceleb,
    folders,
    table,
)
from facetell.train.layouts.media import Choices, Layout, Listing, Media, check_classes
from facetell.train.layouts.tree import Tree, dataset_name, open_tree

LAYOUTS = (
    table.LAYOUT,
    deeperforensics.LAYOUT,
    faceforensics.LAYOUT,
    celeb_df.LAYOUT,
    fakeavceleb.LAYOUT,
    dfdc.LAYOUT,
    folders.LAYOUT,
)
"""In the order in which they are tried: the more particular first."""

__all__ = [
    "LAYOUTS",
    "Choices",
    "Layout",
    "Listing",
    "Media",
    "Tree",
    "check_classes",
    "dataset_name",
    "open_tree",
    "read_source",
]


_AS_IT_SAYS = Choices()


def read_source(
    source: Path, choices: Choices = _AS_IT_SAYS, layout: str = ""
) -> tuple[Layout, Tree, Listing]:
    """List the labelled media of a data set.

    Args:
        source: folder, tar, or table of labels.
        choices: what the user says about it.
        layout: name of its layout; found out without.

    Raises:
        InputError: it is not there or cannot be read.
        UsageError: no layout fits, a label has no file, a file has two labels, a class is missing.
    """
    tree = open_tree(source)
    chosen = _named(layout) if layout else _found(tree, choices)
    listing = _described(_labelled(chosen.read(tree, choices), choices.label), choices)
    if not choices.label:
        check_classes(listing.media, str(source))
    return chosen, tree, listing


def _named(name: str) -> Layout:
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    raise UsageError(f"unknown layout {name!r}: choose from {', '.join(o.name for o in LAYOUTS)}")


def _found(tree: Tree, choices: Choices) -> Layout:
    for layout in LAYOUTS:
        if layout.matches(tree):
            return layout
    if choices.label and tree.media:
        return folders.LAYOUT
    known = ", ".join(layout.name for layout in LAYOUTS)
    raise UsageError(
        f"{tree.root}: no known layout ({known}; docs/datasets.md shows them); give a CSV of "
        "file,label, or --label real (or fake) if all its files are"
    )


def _described(listing: Listing, choices: Choices) -> Listing:
    """Say of fakes what the data set doesn't."""
    if not choices.manipulation and not choices.method:
        return listing
    media = tuple(
        replace(
            m,
            manipulation=m.manipulation or choices.manipulation,
            method=m.method or choices.method,
        )
        if m.is_fake
        else m
        for m in listing.media
    )
    return Listing(media, listing.skipped)


def _labelled(listing: Listing, label: str) -> Listing:
    if not label:
        return listing
    wanted = label == "fake"
    return Listing(tuple(m for m in listing.media if m.is_fake == wanted), listing.skipped)
