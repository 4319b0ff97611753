"""What `facetell watch` shows: a block on a terminal, lines in a pipe, or JSON."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any, Protocol, TextIO

from facetell.cli import print_error
from facetell.live.feed import Feed
from facetell.live.moment import LiveVerdict, Moment
from facetell.live.record import to_record, verdict_record
from facetell.wording import clock, counted, printable, probability

_LINE_EVERY_S = 10.0
_BAR_WIDTH = 30
_CLEAR_BELOW = "\r\x1b[J"


class Display(Protocol):
    """Told what happens; `event` may come from another thread."""

    def moment(self, moment: Moment, feed: Feed, latency_s: float) -> None:
        """Show what a frame says, so long after it came."""
        ...

    def silence(self) -> None:
        """Show that no frame comes."""
        ...

    def event(self, message: str) -> None:
        """Tell that the source was lost or found."""
        ...

    def end(self, verdict: LiveVerdict, feed: Feed) -> None:
        """Sum up."""
        ...


class JsonLines:
    """One object a line: `event` is "frame", "source" or "end"."""

    def moment(self, moment: Moment, feed: Feed, latency_s: float) -> None:
        """Print the frame."""
        record = to_record(moment) | _counts(feed) | {"latency_ms": round(1000 * latency_s)}
        _print({"event": "frame"} | record)

    def silence(self) -> None:
        """Print nothing: the source's events say what matters."""

    def event(self, message: str) -> None:
        """Print what happens to the source."""
        _print({"event": "source", "message": message})

    def end(self, verdict: LiveVerdict, feed: Feed) -> None:
        """Print the last verdict."""
        _print({"event": "end", "verdict": verdict_record(verdict)} | _counts(feed))


def _counts(feed: Feed) -> dict[str, Any]:
    return {"dropped": feed.dropped, "reopened": feed.reopened}


def _print(record: dict[str, Any]) -> None:
    print(json.dumps(record), flush=True)


class PlainLines:
    """A line when the label changes, and one every ten seconds."""

    def __init__(self) -> None:
        self._shown: tuple[str, float] | None = None
        self._frames = 0

    def moment(self, moment: Moment, feed: Feed, latency_s: float) -> None:
        """Print a line if there is something new."""
        del latency_s
        self._frames += 1
        label = moment.verdict.label
        if self._shown and self._shown[0] == label and not self._is_due(moment.time_s):
            return
        self._shown = label, moment.time_s
        print(f"{clock(moment.time_s):>8}  {_verdict_line(moment.verdict)}{_dropped(feed)}")
        sys.stdout.flush()

    def _is_due(self, time_s: float) -> bool:
        return self._shown is None or time_s - self._shown[1] >= _LINE_EVERY_S

    def silence(self) -> None:
        """Print nothing."""

    def event(self, message: str) -> None:
        """Tell it on standard error."""
        print_error(message)

    def end(self, verdict: LiveVerdict, feed: Feed) -> None:
        """Print the last verdict with its reasons."""
        print(f"\n{_verdict_line(verdict)}")
        for reason in verdict.reasons:
            print(f"    {reason}")
        print(f"    {counted(self._frames, 'frame')} analysed, {feed.dropped} dropped.", flush=True)


class Screen(PlainLines):
    """A block of lines that is redrawn in place."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines = 0
        self._waited_s = 0

    def moment(self, moment: Moment, feed: Feed, latency_s: float) -> None:
        """Draw anew."""
        self._frames += 1
        self._waited_s = 0
        self._draw([
            _verdict_line(moment.verdict),
            _bar(moment),
            *(_face_line(moment, number) for number in range(min(len(moment.faces), 6))),
            self._counts(feed, latency_s) + _left_out(moment),
        ])  # fmt: skip

    def _counts(self, feed: Feed, latency_s: float) -> str:
        took = f"{1000 * latency_s:.0f} ms from frame to answer"
        return f"{self._frames} analysed, {feed.dropped} dropped, {took}"

    def silence(self) -> None:
        """Say how long there was nothing."""
        self._waited_s += 1
        self._draw([f"no picture for {self._waited_s} s …"])

    def event(self, message: str) -> None:
        """Tell it above the block."""
        self._erase()
        print_error(message)

    def end(self, verdict: LiveVerdict, feed: Feed) -> None:
        """Leave the sum in the block's place."""
        self._erase()
        super().end(verdict, feed)

    def _draw(self, lines: list[str]) -> None:
        width = shutil.get_terminal_size().columns - 1  # a line that wraps couldn't be erased
        self._erase()
        self._stream.write("\n".join(line[:width] for line in lines))
        self._stream.flush()
        self._lines = len(lines)

    def _erase(self) -> None:
        if self._lines:
            up = f"\x1b[{self._lines - 1}A" if self._lines > 1 else ""
            self._stream.write(up + _CLEAR_BELOW)
            self._stream.flush()
            self._lines = 0


def _verdict_line(verdict: LiveVerdict) -> str:
    label = verdict.label.replace("_", " ")
    if verdict.p_fake is None:
        return f"{label:<13}"
    certainty = _percent(verdict.certainty or 0.0)
    return (
        f"{label:<13} p(fake) {probability(verdict.p_fake)} over the last {clock(verdict.span_s)}, "
        f"{certainty} certain to stay"
    )


def _percent(share: float) -> str:
    """Say a share, never rounded up to a certainty.

    >>> _percent(0.5), _percent(0.997)
    ('50 %', '>99 %')
    """
    return ">99 %" if share > 0.99 else f"{100 * share:.0f} %"


def _bar(moment: Moment) -> str:
    if moment.p_fake is None:
        return "now           nothing scored"
    filled = round(moment.p_fake * _BAR_WIDTH)
    bar = "#" * filled + "." * (_BAR_WIDTH - filled)
    return f"now           real {bar} fake  {probability(moment.p_fake)}"


def _face_line(moment: Moment, number: int) -> str:
    face = moment.faces[number]
    left, top, right, bottom = (round(edge) for edge in face.box_xyxy)
    score = "not scored" if face.p_fake is None else f"p(fake) {probability(face.p_fake)}"
    place = f"{right - left}x{bottom - top} px at {left},{top}"
    return printable(f"face {face.track:<8} {score}, {place}, quality {face.quality:.2f}")


def _left_out(moment: Moment) -> str:
    return f", {moment.left_out} faces left out" if moment.left_out else ""


def _dropped(feed: Feed) -> str:
    return f"; {feed.dropped} frames dropped" if feed.dropped else ""
