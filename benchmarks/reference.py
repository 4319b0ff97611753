"""Time facetell beside the pipeline that people use today, on one clip, in one process.

The reference is what the widely copied ResNeXt + LSTM projects do with an upload: decode every
frame with OpenCV, look for faces with dlib's HOG detector twice on each of the first N frames
(once to crop for the page, once for the model; `face_recognition.face_locations` upsamples once),
and run ResNeXt-50 32x4d at 112 px with an LSTM of 2048 on the N crops, in torch. Their time does
not depend on the weights, so these are random. Writing files and splitting pages is left out,
in the reference's favour. Models are loaded before the clock starts, on both sides.

Beside the time on the clock stands the processor time of all threads, which says more on a machine
that other programs use as well.

    python benchmarks/reference.py
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import dlib
import numpy as np
import numpy.typing as npt
import torch
from memory import tree
from recording import SAMPLE, make_recording
from torch import nn

from facetell import Analyzer, Options

SIDE_PX = 112
Times = dict[str, list[tuple[float, float]]]
"""Seconds on the clock and of the processor, run by run."""


class Bottleneck(nn.Module):
    """A ResNeXt block: 1×1, grouped 3×3, 1×1, and the shortcut (Xie et al., 2017)."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 2 * width
        self.body = nn.Sequential(
            *(nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)),
            nn.Conv2d(width, width, 3, stride=stride, padding=1, groups=32, bias=False),
            *(nn.BatchNorm2d(width), nn.ReLU(True)),
            *(nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs)),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            conv = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's output (B, 2 * width, h, w)."""
        return torch.relu(self.body(x) + self.shortcut(x))


class Reference(nn.Module):
    """ResNeXt-50 32x4d per frame, one LSTM of 2048, mean over time, two classes."""

    def __init__(self) -> None:
        super().__init__()
        layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(True)]
        blocks: list[nn.Module] = [*layers, nn.MaxPool2d(3, 2, 1)]
        inputs = 64
        for stage, depth in enumerate((3, 4, 6, 3)):
            for block in range(depth):
                stride = 2 if stage > 0 and block == 0 else 1
                blocks.append(Bottleneck(inputs, 128 << stage, stride))
                inputs = 256 << stage
        self.encoder = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.lstm = nn.LSTM(input_size=2048, hidden_size=2048, batch_first=True)
        self.head = nn.Linear(2048, 2)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Return the logits (1, 2) of crops (N, 3, SIDE_PX, SIDE_PX)."""
        hidden, _ = self.lstm(self.encoder(crops)[None])  # (1, N, 2048)
        logits: torch.Tensor = self.head(hidden.mean(1))
        return logits


class ReferencePipeline:
    """The reference, from a path to a probability."""

    def __init__(self) -> None:
        self._model = Reference().eval()
        self._detector = dlib.get_frontal_face_detector()

    def analyze(self, path: Path, frames: int) -> float:
        """Return the "probability" of a fake; the number means nothing, its time does."""
        decoded = decode_all(path)[:frames]
        for frame in decoded:
            self._detector(frame, 1)
        crops = np.stack([self._crop(frame) for frame in decoded])
        pixels = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255.0
        with torch.inference_mode():
            return float(self._model(pixels).softmax(1)[0, 0])

    def _crop(self, frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Cut out the first face, or take the whole frame where there is none, as they do."""
        faces = self._detector(frame, 1)
        if faces:
            top, left = max(0, faces[0].top()), max(0, faces[0].left())
            frame = frame[top : faces[0].bottom(), left : faces[0].right()]
        return np.asarray(cv2.resize(frame, (SIDE_PX, SIDE_PX)), np.uint8)


def decode_all(path: Path) -> list[npt.NDArray[np.uint8]]:
    """Decode the whole video with OpenCV, as RGB (H, W, 3)."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        there, bgr = capture.read()
        if not there:
            break
        frames.append(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8))
    capture.release()
    return frames


def measure(path: Path, counts: list[int], repeats: int, threads: int) -> Times:
    """Time both sides in turn, so that a busy moment of the machine hits both alike."""
    reference = ReferencePipeline()
    times: Times = {}
    for frames in counts:
        analyzer = Analyzer(Options(frames=frames, threads=threads))
        analyzer.analyze(path)  # the first run loads the models
        theirs = times.setdefault(f"reference {frames}", [])
        ours = times.setdefault(f"facetell {frames}", [])
        for _ in range(repeats):
            theirs.append(seconds(partial(reference.analyze, path, frames)))
            ours.extend(seconds(partial(analyzer.analyze, path)) for _ in range(3))
    return times


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return how long a call takes on the clock, and how much of the processor's time."""
    start_s, start_cpu_s = time.perf_counter(), processor_s()
    work()
    return time.perf_counter() - start_s, processor_s() - start_cpu_s


def processor_s() -> float:
    """Return the processor time of this process and of its decoders (Linux)."""
    ticks = 0
    for pid in tree(os.getpid())[1:]:
        with contextlib.suppress(OSError):  # it has just ended, and counts for who started it
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # its own, and of children that ended
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def table(times: Times, counts: list[int]) -> str:
    """Return medians and their ratio, two lines for each number of frames."""
    lines = ["frames  time        reference s  facetell s  times faster"]
    for frames in counts:
        for column, kind in enumerate(("clock", "processor")):
            theirs, ours = (
                statistics.median(run[column] for run in times[f"{side} {frames}"])
                for side in ("reference", "facetell")
            )
            lines.append(f"{frames:6}  {kind:9}{theirs:14.2f}{ours:12.3f}{theirs / ours:14.1f}")
    return "\n".join(lines)


def main() -> None:
    """Make a 10 s 720p clip, measure, print the table."""
    parser = argparse.ArgumentParser(description="Time facetell beside the reference pipeline.")
    parser.add_argument("--source", type=Path, default=SAMPLE, help="face clip to place in it")
    parser.add_argument("--seconds", type=int, default=10, help="length of the clip")
    parser.add_argument("--frames", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    cv2.setNumThreads(wanted.threads)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        make_recording(clip, (1280, 720), wanted.seconds, wanted.source)
        times = measure(clip, wanted.frames, wanted.repeats, wanted.threads)
    print(f"{wanted.seconds} s of 1280×720, {wanted.threads} thread(s), median of {wanted.repeats}")
    print(table(times, wanted.frames))


if __name__ == "__main__":
    main()
