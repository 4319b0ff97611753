"""Are the pictures of a data set crops of faces already, and of which margin?

Crops that come from another tool are taken as they are, but training must know how large their
square is against the model's, or it learns another geometry than in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facetell.clips import crop_square
from facetell.errors import InputError
from facetell.faces import Face, FaceDetector
from facetell.train.face_clips import MODEL_CROP
from facetell.train.layouts import Media, Tree
from facetell.train.store import Pixels
from facetell.video import Sampling, open_video

SAMPLED = 60
"""Files that are looked at, spread over the data set."""
LOW, HIGH = 0.85, 1.6
"""Margins of what counts as a crop: with more around it, a face is better cut out anew."""
AGREEING = 0.9
"""Share of the files with a face that must look like crops."""
OFF_CENTRE = 0.15
"""A crop's face lies in its middle up to this share of its side."""


@dataclass(frozen=True, slots=True)
class CropMargin:
    """What was measured.

    Attributes:
        margin: side of the crops over that of the model's square, the median.
        files: how many files it was measured on.
    """

    margin: float
    files: int


def measure_margin(media: Sequence[Media], tree: Tree, detector: FaceDetector) -> CropMargin | None:
    """Measure the margin of a data set of crops; None if it is none."""
    every = max(1, len(media) // SAMPLED)
    margins: list[float | None] = []
    for item in media[::every][:SAMPLED]:
        rgb = _first_picture(item, tree)
        if rgb is not None:
            margins.append(_margin(rgb, detector))
    crops = [margin for margin in margins if margin is not None]
    if not margins or len(crops) < AGREEING * len(margins):
        return None
    return CropMargin(round(float(np.median(crops)), 2), len(crops))


def _first_picture(item: Media, tree: Tree) -> Pixels | None:
    try:
        with tree.opened(item.file) as path, open_video(path) as video:
            return next(iter(video.frames(Sampling(1, 0.1, 1)))).rgb
    except InputError:
        return None  # preparing says why


def _margin(rgb: Pixels, detector: FaceDetector) -> float | None:
    """Return the margin of one picture if it is a crop: square, with one face in its middle."""
    height, width = rgb.shape[:2]
    faces = detector.detect(rgb) if width == height else []
    if not faces:
        return None
    x, y, side = crop_square(_largest(faces).box_xyxy, MODEL_CROP)
    away = max(abs(x - width / 2), abs(y - height / 2)) / width
    margin = width / side
    return margin if away <= OFF_CENTRE and LOW <= margin <= HIGH else None


def _largest(faces: Sequence[Face]) -> Face:
    return max(faces, key=lambda face: face.size_px)
