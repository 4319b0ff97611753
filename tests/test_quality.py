from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from facetell.faces import Face
from facetell.quality import face_quality, frontality, sharpness
from tests.portraits import face_of, moved, resized

Pixels = npt.NDArray[np.uint8]


def test_quality_lies_between_0_and_1_and_is_high_for_a_good_face(
    portrait: Pixels, known: Face
) -> None:
    assert 0.6 < face_quality(portrait, known) <= 1


def test_quality_falls_with_size(portrait: Pixels, known: Face) -> None:
    values = [
        face_quality(resized(portrait, factor), moved(known, factor))
        for factor in (1.0, 0.6, 0.4, 0.25, 0.15)
    ]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.25 < 0.6 < values[0]
    assert face_quality(resized(portrait, 0.08), moved(known, 0.08)) == 0


def test_quality_falls_with_blur(portrait: Pixels, known: Face) -> None:
    blurred = [portrait] + [
        np.asarray(cv2.GaussianBlur(portrait, (0, 0), sigma), np.uint8) for sigma in (2, 4, 8)
    ]
    sharp = [sharpness(rgb, known) for rgb in blurred]
    values = [face_quality(rgb, known) for rgb in blurred]
    assert sharp == sorted(sharp, reverse=True)
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.5 * values[0]


def test_quality_falls_with_the_score(portrait: Pixels, known: Face) -> None:
    doubted = [
        Face(known.box_xyxy, score, known.landmarks_xy) for score in (0.9, 0.6, 0.5, 0.4, 0.3)
    ]
    values = [face_quality(portrait, face) for face in doubted]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.3 * values[0]


def test_quality_falls_as_a_head_turns(portrait: Pixels, known: Face) -> None:
    values = []
    for turn in np.linspace(0, 1, 6):
        points = known.landmarks_xy.copy()
        middle = points[[0, 1]].mean(0)
        points[:, 0] = middle[0] + (points[:, 0] - middle[0]) * (1 - 0.9 * turn)
        points[2, 0] += 0.3 * turn * known.width_px
        values.append(face_quality(portrait, Face(known.box_xyxy, known.score, points)))
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.4 * values[0]


@pytest.mark.parametrize("angle_deg", [20, 90, 180])
def test_a_tilted_head_is_as_frontal_as_an_upright_one(angle_deg: float) -> None:
    face = face_of(200)
    matrix = cv2.getRotationMatrix2D((100, 100), angle_deg, 1)
    points = face.landmarks_xy @ matrix[:, :2].T + matrix[:, 2]
    turned = Face(face.box_xyxy, face.score, points.astype(np.float32))
    assert frontality(turned) == pytest.approx(frontality(face)) == 1


def test_quality_copes_with_a_box_without_pixels(portrait: Pixels) -> None:
    outside = moved(face_of(100), x=5000)
    flat = Face((10, 10, 10, 10), 0.9, np.full((5, 2), 10, np.float32))
    assert 0 <= face_quality(portrait, outside) < 0.4
    assert face_quality(portrait, flat) == 0
