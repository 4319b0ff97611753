from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from facetell.faces import (
    DETECTORS_DIR,
    LOOK_PX,
    MAX_SIDE_PX,
    CenterFaceDetector,
    Face,
    FaceDetector,
)
from tests.portraits import moved, resized

Pixels = npt.NDArray[np.uint8]


def cut(rgb: Pixels, face: Face, scale: float = 1.0) -> Pixels:
    """The square around a face, without margin for scale 1."""
    x0, y0, x1, y1 = face.box_xyxy
    half, x, y = scale * face.size_px / 2, (x0 + x1) / 2, (y0 + y1) / 2
    return rgb[round(y - half) : round(y + half), round(x - half) : round(x + half)].copy()


def iou(first: Face, second: Face) -> float:
    a, b = first.box_xyxy, second.box_xyxy
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    both = first.width_px * first.height_px + second.width_px * second.height_px
    return width * height / (both - width * height)


def test_it_ships_the_graph_that_its_origin_names() -> None:
    digest = hashlib.sha256((DETECTORS_DIR / "centerface.onnx").read_bytes()).hexdigest()
    assert f"`{digest}`" in (DETECTORS_DIR / "ORIGIN.md").read_text()


def test_it_finds_a_face_with_its_landmarks_in_order(known: Face) -> None:
    left, right, nose, mouth_left, mouth_right = known.landmarks_xy
    x0, y0, x1, y1 = known.box_xyxy
    assert known.score > 0.7
    assert 80 < known.width_px < known.height_px < 220
    assert (known.landmarks_xy > (x0, y0)).all()
    assert (known.landmarks_xy < (x1, y1)).all()
    assert left[0] < nose[0] < right[0]
    assert mouth_left[0] < mouth_right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])


@pytest.mark.parametrize("factor", [0.5, 0.77, 2.0, 3.3])
def test_a_box_follows_the_size_of_the_picture(
    detector: FaceDetector, portrait: Pixels, known: Face, factor: float
) -> None:
    (face,) = detector.detect(resized(portrait, factor))
    assert iou(face, moved(known, factor)) > 0.8
    assert face.size_px == pytest.approx(known.size_px * factor, rel=0.1)


def test_a_box_follows_a_mirror_given_as_a_view(
    detector: FaceDetector, portrait: Pixels, known: Face
) -> None:
    (face,) = detector.detect(portrait[:, ::-1])
    x0, y0, x1, y1 = face.box_xyxy
    back = Face((512 - x1, y0, 512 - x0, y1), face.score, face.landmarks_xy)
    assert iou(back, known) > 0.85
    assert face.landmarks_xy[0, 0] < face.landmarks_xy[1, 0]


@pytest.mark.parametrize("side", [1, 2, 7, 33, 100])
def test_it_takes_tiny_pictures(detector: FaceDetector, side: int) -> None:
    assert detector.detect(np.full((side, side, 3), 128, np.uint8)) == []
    assert detector.detect(np.zeros((1, side, 3), np.uint8)) == []


@pytest.mark.parametrize(("height", "width"), [(24, 4000), (4000, 24), (501, 333)])
def test_it_takes_any_shape(detector: FaceDetector, height: int, width: int) -> None:
    assert detector.detect(np.full((height, width, 3), 200, np.uint8)) == []


def test_it_finds_nothing_where_nothing_is(detector: FaceDetector) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (360, 640, 3), np.uint8)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), 9), np.uint8)
    assert detector.detect(noise) == []
    assert detector.detect(soft) == []


@pytest.mark.parametrize("enlarged", [1.0, 1.7, 4.0])
@pytest.mark.parametrize("scale", [1.0, 0.9])
def test_it_finds_a_face_that_fills_the_picture(
    detector: FaceDetector, portrait: Pixels, known: Face, scale: float, enlarged: float
) -> None:
    crop = resized(cut(portrait, known, scale), enlarged)
    (face,) = detector.detect(crop)
    assert face.size_px > 0.75 * crop.shape[0]
    x0, y0, x1, y1 = face.box_xyxy
    centre = np.array([x0 + x1, y0 + y1]) / 2
    assert np.abs(centre / crop.shape[0] - 0.5).max() < 0.12


def test_a_face_cut_by_the_edge_keeps_its_shape(
    detector: FaceDetector, portrait: Pixels, known: Face
) -> None:
    x0, _, x1, _ = known.box_xyxy
    start = round(x0 + 0.2 * (x1 - x0))
    (face,) = detector.detect(np.ascontiguousarray(portrait[:, start:]))
    assert face.box_xyxy[0] < 0
    assert iou(face, moved(known, x=-start)) > 0.7


def test_it_finds_several_faces_of_different_size(
    detector: FaceDetector, portrait: Pixels, known: Face
) -> None:
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    truths = []
    for factor, x, y in ((1.0, 0, 0), (0.7, 560, 0), (0.55, 940, 20), (0.6, 600, 400)):
        small = resized(portrait, factor)
        small = small[: 720 - y, : 1280 - x]
        canvas[y : y + small.shape[0], x : x + small.shape[1]] = small
        truths.append(moved(known, factor, x, y))
    faces = detector.detect(canvas)
    assert len(faces) == 4
    assert all(max(iou(face, truth) for face in faces) > 0.7 for truth in truths)
    scores = [face.score for face in faces]
    assert scores == sorted(scores, reverse=True)


def test_it_looks_again_for_a_face_too_small_for_the_first_look(
    portrait: Pixels, known: Face
) -> None:
    detector = CenterFaceDetector(min_score=0.5, threads=1)
    small = resized(portrait, 36 / known.height_px)
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    canvas[300 : 300 + small.shape[0], 600 : 600 + small.shape[1]] = small
    assert detector.look(canvas, LOOK_PX) == []
    (face,) = detector.detect(canvas)
    assert iou(face, moved(known, 36 / known.height_px, 600, 300)) > 0.5


def test_no_look_is_larger_than_allowed(portrait: Pixels) -> None:
    sizes: list[tuple[int, ...]] = []
    detector = CenterFaceDetector(threads=1)
    run = detector._session.run

    class Spy:
        inputs = detector._session.inputs
        outputs = detector._session.outputs

        def run(self, arrays: dict[str, npt.NDArray[np.uint8]]) -> dict[str, npt.NDArray[np.uint8]]:
            sizes.append(arrays["pixels"].shape[1:3])
            return run(arrays)

    detector._session = Spy()
    for height, width in ((720, 1280), (1280, 720), (1500, 1500), (100, 1500), (512, 512)):
        sizes.clear()
        detector.detect(np.full((height, width, 3), 50, np.uint8))
        assert len(sizes) == 3
        assert all(side % 32 == 0 for size in sizes for side in size)
        assert all(max(size) <= MAX_SIDE_PX for size in sizes)
        assert sizes[0][0] * sizes[0][1] <= 1.1 * LOOK_PX


def test_it_finds_the_face_in_real_clips(detector: FaceDetector, data_dir: Path) -> None:
    clips = sorted((data_dir / "videos").rglob("*.mp4"))[::12]
    found = []
    for clip in clips:
        with av.open(str(clip)) as container:
            picture = next(itertools.islice(container.decode(video=0), 25, None))
            frame = picture.to_ndarray(format="rgb24")
        found.append(len(detector.detect(np.asarray(frame, np.uint8))))
    assert len(found) >= 15
    assert np.mean([count >= 1 for count in found]) >= 0.95
    assert np.mean([count == 1 for count in found]) >= 0.9
