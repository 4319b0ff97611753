"""Self-blended fakes: a real face blended into itself, after Shiohara & Yamasaki (2022).

"Detecting Deepfakes with Self-Blended Images", arXiv:2204.08376: a copy of the picture (the
source) is changed in colour, sharpness, resolution and position and put back through a soft mask
drawn from landmarks. What is left is a forgery's trace and nothing else: person, scene and camera
are equal. Made for clips here: one draw of parameters serves every frame of a clip, and only the
mask flickers. Masks of parts of the face stand for lip-sync; a source from another moment of the
same clip stands for a mouth that moves differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]

# FaceMesh's numbering: https://github.com/google-ai-edge/mediapipe face_mesh_connections.py
OVAL: tuple[int, ...] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
LIPS: tuple[int, ...] = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40,
    185,
)  # fmt: skip
BROWS: tuple[int, ...] = (
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
)  # fmt: skip
JAW: tuple[int, ...] = (
    234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288,
    361, 323, 454,
)  # fmt: skip
NOSE_TIP = (4, 1, 98, 327)

REGIONS: dict[str, tuple[int, ...]] = {
    "oval": OVAL,
    "inner": BROWS + JAW[4:-4],
    "lower": JAW[2:-2] + NOSE_TIP,
    "mouth": LIPS + (164, 18, 200, 57, 287),
    "middle": BROWS + LIPS,
}
REGION_ODDS = (0.35, 0.2, 0.2, 0.15, 0.1)
INTERPOLATIONS = {
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """One draw of how a self-blended fake is made; the same for all frames of a clip.

    Attributes:
        region: which landmarks span the mask, a key of `REGIONS`.
        grow: the mask's size over the hull's.
        soft_px: standard deviation of the mask's soft edge, at a crop side of 224.
        ratio: weight of the source inside the mask, 0–1.
        shrink: resolution of the source, 0–1.
        enlarge: how it is brought back to size, a key of `INTERPOLATIONS`.
        sharpen: strength of unsharp masking after it, 0 for none.
        gain: factor of each colour channel of the source, (3,).
        bias: what is added to each channel, levels of 0–255, (3,).
        gamma: exponent of the source's light.
        noise: its added noise, levels of 0–255.
        shift: its displacement, share of the side, (2,).
        scale: its size over the target's.
        turn_deg: its rotation.
        flicker: how much the mask's size changes from frame to frame.
    """

    region: str
    grow: float
    soft_px: float
    ratio: float
    shrink: float
    enlarge: str
    sharpen: float
    gain: tuple[float, float, float]
    bias: tuple[float, float, float]
    gamma: float
    noise: float
    shift: tuple[float, float]
    scale: float
    turn_deg: float
    flicker: float


def draw_recipe(rng: np.random.Generator) -> Recipe:
    """Draw how the next self-blended fake is made."""
    colour = rng.random() < 0.6
    gain = rng.uniform(0.9, 1.1, 3) * rng.uniform(0.9, 1.1) if colour else np.ones(3)
    bias = rng.uniform(-8, 8, 3) + rng.uniform(-8, 8) if colour else np.zeros(3)
    moved = rng.random() < 0.7
    low = rng.random() < 0.6
    return Recipe(
        region=str(rng.choice(list(REGIONS), p=REGION_ODDS)),
        grow=rng.uniform(0.85, 1.15),
        soft_px=rng.uniform(1.0, 9.0),
        ratio=float(rng.choice([0.5, 0.75, 1.0, 1.0, 1.0])),
        shrink=rng.uniform(0.25, 0.8) if low else 1.0,
        enlarge=str(rng.choice(list(INTERPOLATIONS))),
        sharpen=rng.uniform(0.3, 1.5) if rng.random() < 0.3 else 0.0,
        gain=tuple(gain.tolist()),
        bias=tuple(bias.tolist()),
        gamma=rng.uniform(0.85, 1.18) if colour else 1.0,
        noise=rng.uniform(1, 5) if rng.random() < 0.15 else 0.0,
        shift=tuple(rng.uniform(-0.025, 0.025, 2).tolist()) if moved else (0.0, 0.0),
        scale=rng.uniform(0.95, 1.05) if moved else 1.0,
        turn_deg=rng.uniform(-3, 3) if moved else 0.0,
        flicker=rng.uniform(0.0, 0.05) if rng.random() < 0.5 else 0.0,
    )


def self_blend(
    frames: Sequence[Pixels],
    points: Sequence[Points],
    rng: np.random.Generator,
    sources: Sequence[int] | None = None,
) -> tuple[list[Pixels], list[npt.NDArray[np.float32]]]:
    """Turn a real clip into a self-blended fake.

    Args:
        frames: RGB crops of one face, uint8, T times (S, S, 3).
        points: its landmarks in pixels of the crop, T times (468, 2).
        rng: where every draw comes from.
        sources: for each frame, the frame whose face is blended in; itself by default.

    Returns:
        The fake frames, and the masks that were used, float32 0–1, T times (S, S).
    """
    recipe = draw_recipe(rng)
    fakes, masks = [], []
    for k, (frame, where) in enumerate(zip(frames, points, strict=True)):
        origin = k if sources is None else sources[k]
        source = _aligned(frames[origin], points[origin], where) if origin != k else frame
        mask = _mask(where, frame.shape[0], recipe, rng)
        fakes.append(_blended(frame, _changed(source, where, recipe, rng), mask))
        masks.append(mask)
    return fakes, masks


def put_inside(target: Pixels, source: Pixels, points: Points, rng: np.random.Generator) -> Pixels:
    """Put a forged crop into the real one through a mask that is drawn as for `self_blend`.

    Args:
        target: the real crop, RGB uint8, (S, S, 3).
        source: the forged one, likewise.
        points: landmarks in pixels of both, (468, 2).
        rng: where the mask's draw comes from.
    """
    return _blended(target, source, _mask(points, target.shape[0], draw_recipe(rng), rng))


def _aligned(source: Pixels, source_points: Points, target_points: Points) -> Pixels:
    matrix, _ = cv2.estimateAffinePartial2D(source_points, target_points)
    if matrix is None:
        return source
    side = source.shape[0]
    warped = cv2.warpAffine(source, matrix, (side, side), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, np.uint8)


def _changed(source: Pixels, points: Points, recipe: Recipe, rng: np.random.Generator) -> Pixels:
    side = source.shape[0]
    light = np.power(source.astype(np.float32) / 255, recipe.gamma) * 255
    light = light * np.array(recipe.gain, np.float32) + np.array(recipe.bias, np.float32)
    if recipe.shrink < 1:
        small = max(8, round(side * recipe.shrink))
        light = cv2.resize(light, (small, small), interpolation=cv2.INTER_AREA)
        light = cv2.resize(light, (side, side), interpolation=INTERPOLATIONS[recipe.enlarge])
    if recipe.sharpen:
        light = light + recipe.sharpen * (light - cv2.GaussianBlur(light, (0, 0), 1.5))
    if recipe.noise:
        light = light + rng.normal(0, recipe.noise, light.shape).astype(np.float32)
    if recipe.scale != 1 or recipe.turn_deg or any(recipe.shift):
        x, y = points.mean(0)
        matrix = cv2.getRotationMatrix2D((float(x), float(y)), recipe.turn_deg, recipe.scale)
        matrix[:, 2] += np.array(recipe.shift) * side
        light = cv2.warpAffine(light, matrix, (side, side), borderMode=cv2.BORDER_REFLECT_101)
    return np.clip(light, 0, 255).astype(np.uint8)


def _mask(
    points: Points, side: int, recipe: Recipe, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    hull = points[list(REGIONS[recipe.region])]
    size = recipe.grow * (1 + recipe.flicker * rng.normal())
    hull = cv2.convexHull((hull.mean(0) + (hull - hull.mean(0)) * size).astype(np.float32))
    mask = np.zeros((side, side), np.float32)
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), 1.0)
    soft = recipe.soft_px * side / 224
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32)
    # a second pass makes the edge steeper on one side: blending tools erode before they blur
    mask = np.clip(mask * 2 - 1, 0, 1) if soft > 3 else mask
    return np.asarray(mask * recipe.ratio, np.float32)


def _blended(target: Pixels, source: Pixels, mask: npt.NDArray[np.float32]) -> Pixels:
    weight = mask[..., None]
    return np.round(source * weight + target * (1 - weight)).astype(np.uint8)
