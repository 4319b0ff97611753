"""A generator → its items, worked out a little ahead in a thread of its own.

Decoding and inference let go of Python's lock, so that one can go on while the other runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Final, TypeVar

T = TypeVar("T")


class _End:
    """Stands for the end of a generator: an item may be anything else."""


_END: Final = _End()


def ahead(items: Generator[T], depth: int = 2) -> Generator[T]:
    """Yield the items of a generator, which runs in a thread of its own.

    Args:
        items: runs only while it is wanted; closed at the end, also when the caller stops early
            and closes the generator that it was given.
        depth: items that are made or wait while the caller uses one.

    Raises:
        Whatever the generator raises, where its next item would have come.
    """
    with closing(items):  # after the thread ended: a generator that runs cannot be closed
        thread = ThreadPoolExecutor(1, "facetell-ahead")
        try:
            waiting = deque(_submit(thread, items) for _ in range(depth))
            while not isinstance(item := waiting.popleft().result(), _End):
                waiting.append(_submit(thread, items))
                yield item
                del item  # or it would be held while the next is waited for
        finally:
            thread.shutdown(cancel_futures=True)


def _submit(thread: ThreadPoolExecutor, items: Generator[T]) -> Future[T | _End]:
    return thread.submit(next, items, _END)
