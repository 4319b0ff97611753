from __future__ import annotations

import io

from facetell.batch.progress import BatchProgress


class _Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_it_tells_rate_and_time_left() -> None:
    clock = _Clock()
    progress = BatchProgress(4000, stream=io.StringIO(), clock=clock)
    assert progress.line() == "0 of 4,000 videos"
    for n in range(120):
        clock.now_s += 0.5
        progress.add(failed=n < 2)
    assert progress.line() == "120 of 4,000 videos (2 failed), 2.0 a second, 32 min left"


def test_the_rate_follows_the_work() -> None:
    clock = _Clock()
    progress = BatchProgress(2000, shown=False, clock=clock)
    for n in range(1000):
        clock.now_s += 100 if n < 500 else 5
        progress.add(failed=False)
    assert progress.line().endswith("12.0 a minute, 83 min left")


def test_in_a_log_it_prints_a_line_a_minute() -> None:
    clock, log = _Clock(), io.StringIO()
    progress = BatchProgress(10, stream=log, clock=clock)
    for _ in range(7):
        clock.now_s += 20
        progress.add(failed=False)
    progress.clear()
    assert log.getvalue().splitlines() == [
        "3 of 10 videos, 3.0 a minute, 2 min left",
        "6 of 10 videos, 3.0 a minute, 80 s left",
    ]


def test_it_is_silent_when_asked() -> None:
    clock, log = _Clock(), io.StringIO()
    progress = BatchProgress(10, shown=False, stream=log, clock=clock)
    clock.now_s += 1000
    progress.add(failed=False)
    assert log.getvalue() == ""
