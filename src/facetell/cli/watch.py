"""`facetell watch`: a camera, a stream, a screen or a file, judged while it runs."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from facetell.cli import EXIT_OK
from facetell.cli.parser import Parser
from facetell.cli.scan_arguments import add_model, time_s
from facetell.options import Limits, Options

if TYPE_CHECKING:
    from facetell.cli.watch_display import Display
    from facetell.live.analysis import LiveAnalysis, LiveModel
    from facetell.live.feed import Feed
    from facetell.live.settings import LiveSettings

SILENCE_S = 1.0
"""So long without a frame, and the display says so."""

_DESCRIPTION = """\
Tells while it runs whether the faces in a live picture are real. SOURCE is

  camera            this machine's camera; camera:1 or camera:/dev/video2 another
  screen            the screen; screen:100,50,1280x720 a region: left, top, size
  rtsp://… http://… a stream at this address; rtsps and https as well
  PATH              a video file

The verdict is on the last minute, and the certainty beside it says how likely it
is to stay. Nothing is stored. Ctrl-C ends it.
"""

_EPILOG = """\
examples:
  facetell watch camera
  facetell watch rtsp://name:password@camera.local/stream --json >> watch.jsonl
  facetell watch call.mp4 --realtime
"""


def main(arguments: Sequence[str]) -> int:
    """Watch until the source ends or somebody stops it; return the exit status."""
    chosen = _parser().parse_args(arguments)
    from facetell.live.analysis import LiveModel
    from facetell.live.names import read_source

    source = read_source(chosen.source)
    settings = _settings(chosen)
    model = LiveModel(settings)
    display = _display(chosen)
    with _feed(chosen, source, model, display) as feed:
        _watch(feed, model, display, chosen.duration)
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="facetell watch",
        usage="facetell watch [options] SOURCE",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", help="camera, screen, address or file")
    add_model(parser)
    add("--window", type=_seconds, default=60.0, metavar="SECONDS",
        help="the verdict is on the last so many seconds, 1 to 3600 (default: 60)")  # fmt: skip
    add("--faces", type=_count, default=3, metavar="N",
        help="faces scored in one frame at most, the largest first (default: 3)")  # fmt: skip
    add("--realtime", action="store_true",
        help="read a file as fast as it is shown and drop frames as if it were live; else each "
        "frame is awaited")  # fmt: skip
    add("--duration", type=time_s, metavar="TIME",
        help="end after so long: seconds, or 1:02 or 1:30:00")  # fmt: skip
    add("--json", action="store_true", help="print one JSON object a line for each frame")
    return parser


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: give seconds") from None


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number from 1")
    return int(text)


def _settings(chosen: argparse.Namespace) -> LiveSettings:
    from facetell.live.settings import LiveSettings

    options = Options(
        model=chosen.model,
        runtime=chosen.runtime,
        threads=chosen.threads,
        limits=replace(Limits(), **dict(chosen.limit)),
    )
    rolling_s = min(LiveSettings().rolling_s, chosen.window)
    return LiveSettings(options, chosen.window, rolling_s, chosen.faces)


def _display(chosen: argparse.Namespace) -> Display:
    import sys

    from facetell.cli.watch_display import JsonLines, PlainLines, Screen

    if chosen.json:
        return JsonLines()
    return Screen(sys.stdout) if sys.stdout.isatty() else PlainLines()


def _feed(chosen: argparse.Namespace, source: object, model: LiveModel, display: Display) -> Feed:
    from facetell.live.feed import Feed
    from facetell.live.names import Source

    assert isinstance(source, Source)
    burst = model.card.sampling.burst_frames
    return Feed(
        source,
        model.step_s,
        model.settings.options.limits,
        # a model that scores whole bursts is busy for so long, and is idle for as long then
        depth=1 if model.scoring.frame_by_frame else burst,
        realtime=chosen.realtime,
        tell=display.event,
    )


def _watch(feed: Feed, model: LiveModel, display: Display, duration_s: float | None) -> None:
    from facetell.live.analysis import LiveAnalysis
    from facetell.live.feed import Ended

    analysis = LiveAnalysis(model)
    end_s = float("inf") if duration_s is None else time.monotonic() + duration_s
    try:
        while time.monotonic() < end_s:
            _one(feed, analysis, display)
    except Ended as end:
        if end.error is not None:
            raise end.error from None
    finally:
        if analysis.frames:
            display.end(analysis.finish(), feed)


def _one(feed: Feed, analysis: LiveAnalysis, display: Display) -> None:
    arrival = feed.take(SILENCE_S)
    if arrival is None:
        display.silence()
        return
    moment = analysis.see(arrival.rgb, arrival.time_s)
    display.moment(moment, feed, time.monotonic() - arrival.arrived_s)
