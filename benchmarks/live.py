"""How fast live pictures are judged, and how long an answer takes, on two cores.

    python benchmarks/live.py [CLIP] [--seconds 30] [--threads 2] [--cores 2]

A clip (the bundled sample at the size of a camera, unless another is named) is played over and over
at its own speed. A thread decodes it and keeps the newest frame, as `facetell watch` does. Told are
analysed frames a second, dropped frames, milliseconds from frame to answer, processor time for each
frame, and how busy the machine was with other things.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

import facetell
from facetell.live.analysis import LiveAnalysis, LiveModel
from facetell.live.feed import Ended, Feed
from facetell.live.names import read_source
from facetell.live.settings import LiveSettings
from facetell.options import Options

SAMPLE = Path(facetell.__file__).parent / "data/samples/astronaut_real.mp4"
WANTED_HZ, WANTED_S = 10.0, 0.5
SIZE = (1280, 720)


def main() -> None:
    """Measure and print a table's row."""
    chosen = _arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.cores])
    model = LiveModel(LiveSettings(Options(threads=chosen.threads)))
    with tempfile.TemporaryDirectory() as folder:
        clip = chosen.clip or _as_of_a_camera(Path(folder) / "camera.mp4")
        _warm_up(model, clip)
        latencies_s, dropped, took_s, processor_s = _watch(model, clip, chosen.seconds)
    rate_hz = len(latencies_s) / took_s
    median_s, late_s = np.quantile(latencies_s, [0.5, 0.95])
    print(f"{len(latencies_s)} frames judged in {took_s:.1f} s, {dropped} dropped")
    print(f"{rate_hz:.1f} a second; wanted {WANTED_HZ:g}: {_met(rate_hz > 0.97 * WANTED_HZ)}")
    print(f"{1000 * median_s:.0f} ms from frame to answer in the median, wanted "
          f"{1000 * WANTED_S:g}: {_met(bool(median_s < WANTED_S))}; 95 in 100 within "
          f"{1000 * late_s:.0f}")  # fmt: skip
    each_ms = 1000 * processor_s / len(latencies_s)
    print(f"{each_ms:.0f} ms of processor time a frame, decoding included")
    print(f"{chosen.cores} cores, {chosen.threads} threads; load {os.getloadavg()[0]:.1f} of which "
          f"{processor_s / took_s:.1f} by this")  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cores", type=int, default=2)
    return parser.parse_args()


def _met(met: bool) -> str:
    return "met" if met else "missed"


def _as_of_a_camera(path: Path) -> Path:
    """Write the sample as a camera gives it: 1280x720, 25 frames a second."""
    with av.open(str(SAMPLE)) as given, av.open(str(path), "w") as made:
        stream = made.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for frame in given.decode(video=0):
            square = cv2.resize(frame.to_ndarray(format="rgb24"), (SIZE[1], SIZE[1]))
            side = (SIZE[0] - SIZE[1]) // 2
            rgb = cv2.copyMakeBorder(square, 0, 0, side, side, cv2.BORDER_REFLECT)
            made.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(rgb, np.uint8), "rgb24")))
        made.mux(stream.encode(None))
    return path


def _warm_up(model: LiveModel, clip: Path) -> None:
    with av.open(str(clip)) as container:
        rgb = next(container.decode(video=0)).to_ndarray(format="rgb24")
    analysis = LiveAnalysis(model)
    for number in range(5):
        analysis.see(np.asarray(rgb, np.uint8), number / 10)


def _watch(model: LiveModel, clip: Path, seconds: float) -> tuple[list[float], int, float, float]:
    """Play the clip over and over; return latencies, drops, wall time and processor time."""
    analysis, latencies_s, dropped, offset_s = LiveAnalysis(model), [], 0, 0.0
    begun_s, before_s = time.monotonic(), _processor_s()
    while time.monotonic() - begun_s < seconds:
        source, limits = read_source(str(clip)), model.settings.options.limits
        last_s = 0.0
        with Feed(source, model.step_s, limits, realtime=True) as feed:
            try:
                while time.monotonic() - begun_s < seconds:
                    if arrival := feed.take(1.0):
                        analysis.see(arrival.rgb, offset_s + arrival.time_s)
                        latencies_s.append(time.monotonic() - arrival.arrived_s)
                        last_s = arrival.time_s
            except Ended:
                pass
            dropped += feed.dropped
        offset_s += last_s + model.step_s
    return latencies_s, dropped, time.monotonic() - begun_s, _processor_s() - before_s


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
