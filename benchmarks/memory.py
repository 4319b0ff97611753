"""Measure the peak memory of `facetell scan` on a one-hour 1080p file and on a short one.

The long file repeats ten encoded seconds by stream copy. The peak is the resident memory summed
over the process tree, read from /proc while it runs (Linux only); it counts pages that processes
share once for each of them, and so errs on the high side.

    python benchmarks/memory.py
    python benchmarks/memory.py --frames all --minutes 5
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from recording import SAMPLE, make_recording, repeat_recording

SEGMENT_S = 10
POLL_S = 0.01


def peak_mb(command: list[str]) -> tuple[float, float]:
    """Run a command; return the peak memory of its process tree in MB and its seconds.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    start_s = time.perf_counter()
    peaks_kb: dict[int, int] = {}
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            for pid in tree(process.pid):
                peaks_kb[pid] = max(peaks_kb.get(pid, 0), high_water_kb(pid))
            time.sleep(POLL_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    # Peaks of processes that did not overlap are added too: an upper bound.
    return sum(peaks_kb.values()) / 1000, time.perf_counter() - start_s


def tree(pid: int) -> list[int]:
    """Return a process and all that it started."""
    try:
        tasks = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:  # it ended meanwhile
        return [pid]
    return [pid, *(found for text in tasks for child in text.split() for found in tree(int(child)))]


def high_water_kb(pid: int) -> int:
    """Return the largest resident size that a process has had, 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(sizes[0]) if sizes else 0


def main() -> None:
    """Make both files, scan each, print the table."""
    parser = argparse.ArgumentParser(description="Measure the peak memory of a scan.")
    parser.add_argument("--minutes", type=float, default=60, help="length of the long file")
    parser.add_argument("--frames", default="32", help="as for facetell scan: a number or all")
    parser.add_argument("--source", type=Path, default=SAMPLE, help="face clip to place in it")
    parser.add_argument("--size", type=int, nargs=2, default=(1920, 1080), help="pixels")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        short, long = Path(folder) / "short.mp4", Path(folder) / "long.mp4"
        make_recording(short, tuple(wanted.size), SEGMENT_S, wanted.source)
        repeat_recording(long, short, max(1, round(wanted.minutes * 60 / SEGMENT_S)))
        print(f"{'file':<8}{'MB':>8}{'peak MB':>10}{'seconds':>10}")
        for path in (short, long):
            command = [sys.executable, "-m", "facetell", "scan", str(path)]
            megabytes, seconds = peak_mb([*command, "--quiet", "--frames", wanted.frames])
            size_mb = path.stat().st_size / 1e6
            print(f"{path.stem:<8}{size_mb:8.0f}{megabytes:10.0f}{seconds:10.1f}", flush=True)


if __name__ == "__main__":
    main()
