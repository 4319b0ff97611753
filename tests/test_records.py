from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from facetell.records import read_record


@dataclass(frozen=True)
class Inner:
    share: float

    def __post_init__(self) -> None:
        if self.share > 1:
            raise ValueError("share above 1")


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    sizes: tuple[int, ...]
    folder: Path
    limit: float | None = None


GOOD = {"name": "a", "inner": {"share": 1}, "sizes": [1, 2], "folder": "there"}


def test_it_reads_nested_sections_lists_and_defaults() -> None:
    assert read_record(Outer, GOOD) == Outer("a", Inner(1.0), (1, 2), Path("there"))
    assert read_record(Outer, GOOD | {"limit": 2}).limit == 2.0
    assert read_record(Outer, GOOD | {"limit": None}).limit is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, r"top level: unknown \['colour'\]"),
        ({"name": 3}, "name: expected str, found 3"),
        ({"sizes": [1, True]}, r"sizes\[1\]: expected int, found True"),
        ({"sizes": 1}, "sizes: expected a list"),
        ({"inner": {}}, r"inner: missing \['share'\]"),
        ({"inner": {"share": 2.0}}, "inner: share above 1"),
        ({"inner": {"share": float("nan")}}, "share: expected a finite number"),
        ({"inner": "x"}, "inner: expected an object"),
    ],
)
def test_it_names_the_key_and_what_was_found(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_record(Outer, GOOD | change)


def test_it_refuses_what_is_no_object() -> None:
    with pytest.raises(ValueError, match="expected an object"):
        read_record(Outer, [1])
