"""Compare faces that were interpolated between searched frames with those that a search finds.

    python benchmarks/interpolated_faces.py VIDEOS
    python benchmarks/interpolated_faces.py VIDEOS --frames all --every 10 --reach 0.25 0.45

VIDEOS is a folder, searched through. Every frame is searched once; then, for each reach, the table
shows the share of frames that facetell would search, and of the others how many have as many faces
as a search finds, how far the boxes overlap with the found ones, and how far their quality is off.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facetell.faces import Face, FaceDetector, iou, load_detector
from facetell.interpolation import REACH_S, FaceFinder
from facetell.options import MEDIA_SUFFIXES
from facetell.quality import face_quality
from facetell.video import Frame, Sampling, open_video


@dataclass(slots=True)
class Remembering:
    """Answers again what another detector found in a frame; counts the frames it was asked for."""

    name: str
    found: dict[int, list[Face]]
    asked: set[int] = field(default_factory=set)

    def detect(self, rgb: npt.NDArray[np.uint8]) -> list[Face]:
        """Return the faces of a frame that was searched before, known by its pixels' address."""
        key = id(rgb)
        self.asked.add(key)
        return self.found[key]


@dataclass(slots=True)
class Sums:
    """What is measured for one reach."""

    frames: int = 0
    searched: int = 0
    wrong_counts: int = 0
    overlaps: list[float] = field(default_factory=list)
    quality_gaps: list[float] = field(default_factory=list)

    def add(self, frames: list[Frame], found: dict[int, list[Face]], reach_s: float) -> None:
        """Interpolate one stretch of frames and compare."""
        known = Remembering("known", found)
        for frame, faces in FaceFinder(known, reach_s).find(frames):
            self.frames += 1
            if id(frame.rgb) in known.asked:
                self.searched += 1
            else:
                self._compare(frame, faces, found[id(frame.rgb)])

    def _compare(self, frame: Frame, placed: list[Face], found: list[Face]) -> None:
        self.wrong_counts += len(placed) != len(found)
        for face in placed if found else []:
            best = max(found, key=lambda other: iou(face.box_xyxy, other.box_xyxy))
            self.overlaps.append(iou(face.box_xyxy, best.box_xyxy))
            gap = face_quality(frame.rgb, face) - face_quality(frame.rgb, best)
            self.quality_gaps.append(abs(gap))

    def row(self, reach_s: float) -> str:
        """Return the table's line."""
        placed = max(self.frames - self.searched, 1)
        overlap = "".join(f"{q:9.3f}" for q in np.percentile(self.overlaps or [1], [50, 5, 1, 0.1]))
        gap = np.percentile(self.quality_gaps or [0], 95)
        return (
            f"{reach_s:7.2f}{self.frames:8}{self.searched / max(self.frames, 1):10.2f}"
            f"{self.wrong_counts / placed:13.4f}{overlap}{gap:13.3f}"
        )


def stretches(path: Path, frames: int | str, most: int) -> Iterator[list[Frame]]:
    """Yield the frames taken from a video, some at a time, so that they fit into memory."""
    sampling = Sampling("all" if frames == "all" else int(frames))
    kept: list[Frame] = []
    with open_video(path) as video:
        for frame in video.frames(sampling):
            kept.append(frame)
            if len(kept) == most:
                yield kept
                kept = []
    if kept:
        yield kept


def searched(frames: list[Frame], detector: FaceDetector) -> dict[int, list[Face]]:
    """Search every frame."""
    return {id(frame.rgb): detector.detect(frame.rgb) for frame in frames}


def main() -> None:
    """Search, interpolate, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("videos", type=Path)
    parser.add_argument("--frames", default="32", help="of each video: a number or all")
    parser.add_argument("--every", type=int, default=1, help="take every so many videos")
    parser.add_argument("--reach", type=float, nargs="+", default=[REACH_S], help="seconds")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    detector, sums = load_detector(chosen.threads), {reach: Sums() for reach in chosen.reach}
    paths = sorted(p for p in chosen.videos.rglob("*") if p.suffix.lower() in MEDIA_SUFFIXES)
    for path in paths[:: chosen.every]:
        for frames in stretches(path, chosen.frames, most=120):
            found = searched(frames, detector)
            for reach_s, sum_ in sums.items():
                sum_.add(frames, found, reach_s)
    print("reach s  frames  searched  wrong count  IoU 50%       5%       1%     0.1%  quality 95%")
    for reach_s, sum_ in sums.items():
        print(sum_.row(reach_s))


if __name__ == "__main__":
    main()
