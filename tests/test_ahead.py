from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Generator

import pytest

from facetell.ahead import ahead


def counting(stop: int, made: list[int]) -> Generator[int]:
    """Count, and note each number, and -1 when closed."""
    try:
        for number in range(stop):
            made.append(number)
            yield number
    finally:
        made.append(-1)


def running() -> int:
    return sum(thread.name.startswith("facetell-ahead") for thread in threading.enumerate())


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_it_yields_the_same_in_the_same_order_and_closes(depth: int) -> None:
    made: list[int] = []
    assert list(ahead(counting(50, made), depth)) == list(range(50))
    assert made == [*range(50), -1]
    assert running() == 0
    assert list(ahead(counting(0, []), depth)) == []


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_it_works_in_another_thread_but_only_so_far_ahead(depth: int) -> None:
    made: list[int] = []
    seen_in: set[int] = set()

    def items() -> Generator[int]:
        for number in counting(20, made):
            seen_in.add(threading.get_ident())
            yield number

    for number in ahead(items(), depth):
        time.sleep(0.005)  # it would run on if nothing held it
        assert max(made) <= number + depth
    assert len(seen_in) == 1
    assert threading.get_ident() not in seen_in


def test_it_works_while_the_caller_does() -> None:
    second_made = threading.Event()

    def items() -> Generator[int]:
        yield 1
        second_made.set()
        yield 2

    found = ahead(items())
    assert next(found) == 1
    assert second_made.wait(timeout=10)
    assert list(found) == [2]


def test_an_error_comes_where_the_next_item_would_have() -> None:
    made: list[int] = []

    def items() -> Generator[int]:
        yield from counting(3, made)
        raise ValueError("broken at the end")

    found = ahead(items())
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="broken at the end"):
        next(found)
    assert running() == 0


def test_a_caller_that_stops_early_leaves_nothing_running_and_nothing_open() -> None:
    made: list[int] = []
    found = ahead(counting(1000, made))
    assert next(found) == 0
    found.close()
    assert running() == 0
    assert made[-1] == -1
    assert len(made) <= 5


def test_a_caller_that_stops_waits_for_the_item_in_the_making() -> None:
    """A generator that runs cannot be closed."""
    began, ended = threading.Event(), threading.Event()

    def items() -> Generator[int]:
        yield 1
        began.set()
        time.sleep(0.1)
        ended.set()
        yield 2

    found = ahead(items())
    next(found)
    assert began.wait(timeout=10)
    assert not ended.is_set()
    found.close()
    assert ended.is_set()


def test_an_error_of_closing_is_told() -> None:
    def items() -> Generator[int]:
        try:
            yield 1
        finally:
            raise OSError("cannot close")

    found = ahead(items())
    next(found)
    with pytest.raises(OSError, match="cannot close"):
        found.close()
    assert running() == 0


def test_one_that_is_closed_before_its_first_item_starts_nothing() -> None:
    made: list[int] = []
    ahead(counting(5, made)).close()
    assert made == []
    assert running() == 0


def test_it_lets_go_of_what_was_taken() -> None:
    class Large:
        pass

    let_go: list[bool] = []

    def items() -> Generator[Large]:
        before: weakref.ref[Large] | None = None
        for _ in range(6):
            item = Large()
            yield item
            let_go.append(before is None or before() is None)
            before = weakref.ref(item)
            del item

    found = ahead(items(), depth=1)
    for _ in range(6):
        next(found)  # taken, and not kept
    found.close()
    assert let_go
    assert all(let_go)


def test_a_caller_that_forgets_it_leaves_no_thread() -> None:
    found = ahead(counting(1000, []))
    next(found)
    del found
    assert running() == 0
