"""Degradations, drawn once and applied alike to a real and to its fake.

A detector that sees its fakes blurred or recompressed differently from its reals learns the
degradation. So one `Degradation` is drawn for a group (a real clip and the fake that goes with
it) and applied to every frame of the group.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

NEAR_SCALE, FAR_SCALE = 0.90, 1.08
"""Side of the training square over that of the model's crop geometry: detectors differ."""
SHIFT = 0.04
"""Largest shift of the square's centre, share of its side."""
TURN_DEG = 8.0


@dataclass(frozen=True, slots=True)
class Degradation:
    """One draw; None or 0 leaves a step out.

    Attributes:
        flip: mirror left and right.
        scale: side of the square over the model's.
        shift: its displacement, share of the side, (x, y).
        turn_deg: rotation.
        gain, bias, gamma, saturation: light.
        resolution: scaled down by this and back up.
        blur_px: standard deviation of a Gaussian blur.
        noise: standard deviation of added noise, levels.
        crf: constant rate factor of an H.264 pass.
        jpeg: quality of a JPEG pass.
    """

    flip: bool
    scale: float
    shift: tuple[float, float]
    turn_deg: float
    gain: float
    bias: float
    gamma: float
    saturation: float
    resolution: float
    blur_px: float
    noise: float
    crf: int | None
    jpeg: int | None


def draw_degradation(rng: np.random.Generator) -> Degradation:
    """Draw a degradation; about one in three leaves the picture's quality as it is.

    Mild ones come more often than strong ones, which few videos suffer and from which little can
    be learned.
    """
    clean = rng.random() < 0.25
    quality = rng.random(5) if not clean else np.ones(5)
    strength = rng.random(5) ** 1.5
    lit = rng.random() < 0.6
    return Degradation(
        flip=bool(rng.random() < 0.5),
        scale=rng.uniform(NEAR_SCALE, FAR_SCALE),
        shift=(rng.uniform(-SHIFT, SHIFT), rng.uniform(-SHIFT, SHIFT)),
        turn_deg=rng.normal(0, TURN_DEG / 2) if rng.random() < 0.5 else 0.0,
        gain=rng.uniform(0.8, 1.25) if lit else 1.0,
        bias=rng.uniform(-20, 20) if lit else 0.0,
        gamma=rng.uniform(0.8, 1.25) if lit else 1.0,
        saturation=rng.uniform(0.6, 1.4) if lit else 1.0,
        resolution=1 - 0.7 * strength[0] if quality[0] < 0.4 else 1.0,
        blur_px=0.3 + 1.5 * strength[1] if quality[1] < 0.2 else 0.0,
        noise=1 + 6 * strength[2] if quality[2] < 0.2 else 0.0,
        crf=17 + round(23 * strength[3]) if quality[3] < 0.4 else None,
        jpeg=100 - round(70 * strength[4]) if quality[4] < 0.45 else None,
    )


def degrade(
    frames: Sequence[Pixels],
    draw: Degradation,
    rng: np.random.Generator,
    side_px: int,
    margin: float,
) -> list[Pixels]:
    """Apply one degradation to the frames of one clip.

    Args:
        frames: stored crops, uint8, T times (S, S, 3).
        draw: what to do.
        rng: for the noise.
        side_px: side of the result.
        margin: side of the stored crop over that of the model's crop geometry.

    Returns:
        uint8, T times (side_px, side_px, 3).
    """
    out = [_square(f, draw, side_px, margin) for f in frames]
    out = [_lit(f, draw) for f in out]
    out = [_softened(f, draw, rng) for f in out]
    if draw.crf is not None:
        out = recompress_h264(out, draw.crf)
    if draw.jpeg is not None:
        out = [recompress_jpeg(f, draw.jpeg) for f in out]
    return out


def _square(frame: Pixels, draw: Degradation, side_px: int, margin: float) -> Pixels:
    stored = frame.shape[0]
    zoom = side_px / (stored / margin * draw.scale)  # target pixels per stored pixel
    matrix = cv2.getRotationMatrix2D((stored / 2, stored / 2), draw.turn_deg, zoom)
    matrix[:, 2] += side_px / 2 - stored / 2 + np.array(draw.shift) * side_px
    if draw.flip:
        matrix = np.array([[-1.0, 0, side_px - 1], [0, 1, 0]]) @ np.vstack([matrix, [0, 0, 1]])
    # warpAffine does not average when it shrinks: blur first, as area resampling would
    if zoom < 0.8:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), 0.4 / zoom), np.uint8)
    size = (side_px, side_px)
    warped = cv2.warpAffine(
        frame, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(warped, np.uint8)


def _lit(frame: Pixels, draw: Degradation) -> Pixels:
    if (draw.gain, draw.bias, draw.gamma, draw.saturation) == (1.0, 0.0, 1.0, 1.0):
        return frame
    levels = np.power(np.arange(256, dtype=np.float32) / 255, draw.gamma) * 255
    table = np.clip(levels * draw.gain + draw.bias, 0, 255).astype(np.uint8)
    lit = cv2.LUT(frame, table)
    gray = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    mixed = cv2.addWeighted(lit, draw.saturation, gray, 1 - draw.saturation, 0)
    return np.asarray(mixed, np.uint8)


def _softened(frame: Pixels, draw: Degradation, rng: np.random.Generator) -> Pixels:
    side = frame.shape[0]
    if draw.resolution < 1:
        small = max(8, round(side * draw.resolution))
        frame = np.asarray(cv2.resize(frame, (small, small), interpolation=cv2.INTER_AREA))
        frame = np.asarray(cv2.resize(frame, (side, side), interpolation=cv2.INTER_LINEAR))
    if draw.blur_px:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), draw.blur_px))
    if draw.noise:
        grain = rng.standard_normal(frame.shape, np.float32) * draw.noise
        frame = np.clip(frame + grain, 0, 255).astype(np.uint8)
    return np.asarray(frame, np.uint8)


def recompress_jpeg(frame: Pixels, quality: int) -> Pixels:
    """Encode one frame as JPEG of a quality 1–100 and decode it again."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), flags)
    decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def recompress_h264(frames: Sequence[Pixels], crf: int) -> list[Pixels]:
    """Encode frames of one even size as one H.264 clip (CRF 0–51) and decode them again."""
    height, width = frames[0].shape[:2]
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        options = {"crf": str(crf), "preset": "ultrafast", "threads": "1"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as coded:
        return [np.asarray(f.to_ndarray(format="rgb24")) for f in coded.decode(video=0)]
