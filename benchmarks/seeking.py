"""Measure when jumping to key frames beats decoding in sequence, and what the packet scan costs.

Long recordings with key frames at several distances are read at several frame counts: all in
sequence, in sequence with unreferenced frames left out, and with jumps wherever they spare more
than a number of frames. The table shows seconds, the fastest first; JUMP_GAIN_FRAMES in
src/facetell/video/run.py is chosen by it. All ways give the same pictures, which is checked.

    python benchmarks/seeking.py
    python benchmarks/seeking.py --codec libx265 --minutes 2 --rounds 1
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from recording import repeat_recording

from facetell.options import Limits
from facetell.video import Sampling
from facetell.video import run as run_module
from facetell.video.decode import VideoSource
from facetell.video.sampling import plan

SEGMENT_FRAMES = 500
RATE_HZ = 25
NEVER = 10**9


@dataclass(frozen=True, slots=True)
class Way:
    """A way of reading: where jumps begin to pay, and whether unreferenced frames are skipped."""

    name: str
    jump_gain_frames: int
    skip: bool


WAYS = (
    Way("sequence", NEVER, False),
    Way("sequence, skipping", NEVER, True),
    Way("jump > 100", 100, True),
    Way("jump > 50", 50, True),
    Way("jump > 25", 25, True),
    Way("jump > 12", 12, True),
    Way("jump > 6", 6, True),
    Way("jump > 0", 0, True),
)


def make_segment(path: Path, codec: str, size: tuple[int, int], key_distance: int) -> None:
    """Encode a camera that pans over a grained texture, with a key frame every so many frames."""
    width, height = size
    rng = np.random.default_rng(0)
    noise = rng.normal(128, 900, (height + 64, width + 64, 3)).astype(np.float32)
    texture = np.clip(cv2.GaussianBlur(noise, (0, 0), 8), 0, 255)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE_HZ)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        # Open-ended groups and scene cuts would put key frames elsewhere.
        stream.options = {
            "preset": "veryfast",
            "g": str(key_distance),
            "x264-params": "scenecut=0",
            "x265-params": "scenecut=0:log-level=none",
        }
        for index in range(SEGMENT_FRAMES):
            x, y = (32 + round(31 * np.sin(index / 40 + phase)) for phase in (0, 1.5))
            grain = rng.normal(0, 3, (height, width, 1)).astype(np.float32)
            rgb = np.clip(texture[y : y + height, x : x + width] + grain, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")))
        container.mux(stream.encode(None))


@contextmanager
def reading(way: Way) -> Iterator[None]:
    """Read that way for a while."""
    gain = run_module.JUMP_GAIN_FRAMES
    codecs = run_module.SKIPPING_CODECS
    run_module.JUMP_GAIN_FRAMES = way.jump_gain_frames
    run_module.SKIPPING_CODECS = codecs if way.skip else ()
    try:
        yield
    finally:
        run_module.JUMP_GAIN_FRAMES = gain
        run_module.SKIPPING_CODECS = codecs


def read(source: VideoSource, frames: int, way: Way) -> tuple[float, int]:
    """Read frames; return the seconds and a checksum of the pictures."""
    chosen = plan(source.clock_s, Sampling(frames))
    checksum, start_s = 0, time.perf_counter()
    with reading(way):
        for index, rgb in source.pictures(chosen.indices, []):
            checksum = zlib.crc32(
                rgb[::16, ::16].tobytes(), zlib.crc32(bytes([index % 256]), checksum)
            )
    return time.perf_counter() - start_s, checksum


def compare(path: Path, frames: int, rounds: int) -> list[tuple[float, str]]:
    """Return (median seconds, way), the fastest first."""
    source = VideoSource(path, path.read_bytes()[:64], Limits())
    times_s: dict[str, list[float]] = {way.name: [] for way in WAYS}
    checksums: set[int] = set()
    for _ in range(rounds):
        for way in WAYS:
            elapsed_s, checksum = read(source, frames, way)
            times_s[way.name].append(elapsed_s)
            checksums.add(checksum)
    if len(checksums) != 1:
        raise SystemExit("the ways give different pictures")
    return sorted((statistics.median(values), name) for name, values in times_s.items())


def scan_s(path: Path) -> float:
    """Return the seconds that opening a file takes, with its scan and its first frame."""
    start_s = time.perf_counter()
    VideoSource(path, path.read_bytes()[:64], Limits())
    return time.perf_counter() - start_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--codec", default="libx264")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 720))
    parser.add_argument("--frames", type=int, nargs="+", default=(10, 32, 100))
    parser.add_argument("--distances", type=int, nargs="+", default=(12, 50, 250))
    parser.add_argument("--rounds", type=int, default=3)
    settings = parser.parse_args()
    times = max(1, round(settings.minutes * 60 * RATE_HZ / SEGMENT_FRAMES))
    with tempfile.TemporaryDirectory() as folder:
        for distance in settings.distances:
            segment, path = Path(folder, "segment.mp4"), Path(folder, "recording.mp4")
            make_segment(segment, settings.codec, tuple(settings.size), distance)
            repeat_recording(path, segment, times)
            megabytes = path.stat().st_size / 1e6
            print(f"key frame every {distance}: {megabytes:.0f} MB, opened in {scan_s(path):.2f} s")
            for frames in settings.frames:
                table = compare(path, frames, settings.rounds)
                row = ", ".join(f"{name} {seconds:.2f}" for seconds, name in table)
                print(f"  {frames:4} frames: {row}", flush=True)


if __name__ == "__main__":
    main()
