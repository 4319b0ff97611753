from __future__ import annotations

import io

from facetell.train.progress import FileProgress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_tells_rate_and_time_left() -> None:
    clock = Clock()
    progress = FileProgress(1000, io.StringIO(), clock)
    for k in range(100):
        clock.now += 0.5
        progress.step(skipped=k == 0)
    assert progress.line() == "100 of 1,000 files, 2.0 a second, 7:30 left, 1 skipped"


def test_it_writes_a_line_a_minute_where_nobody_watches() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = FileProgress(1000, stream, clock)
    for _ in range(300):
        clock.now += 0.5
        progress.step()
    progress.finish()
    assert len(stream.getvalue().splitlines()) == 2


def test_it_redraws_one_line_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock, stream = Clock(), Terminal()
    progress = FileProgress(10, stream, clock)
    for _ in range(10):
        clock.now += 1
        progress.step()
    progress.finish()
    assert "\n" not in stream.getvalue()
    assert "10 of 10 files" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[K")
