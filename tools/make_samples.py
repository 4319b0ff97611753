"""Make the bundled sample pair from a public-domain photo: a real-looking and a forged clip.

The photo is NASA's portrait of Eileen Collins, which scikit-image ships as `data.astronaut()`.
Both clips move it like a hand-held camera would (pan, zoom, a slight turn), let the light drift,
add the noise of a sensor and are encoded by H.264. In the forged clip the face is first blended
with a recoloured, shifted and resized copy of itself through a soft mask that flickers: a
self-blended fake (Shiohara, Yamasaki: "Detecting Deepfakes with Self-Blended Images", 2022,
https://arxiv.org/abs/2204.08376). Everything but the blend is the same in both.

    python tools/make_samples.py src/facetell/data/samples
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from skimage import data

from facetell.faces import load_detector

SIDE_PX = 512
RATE_HZ = 25
DURATION_S = 4.0
CRF = 21  # the quality of H.264: both clips together stay under 1 MB

Pixels = npt.NDArray[np.uint8]
Reals = npt.NDArray[np.float32]


def main() -> None:
    """Write astronaut_real.mp4 and astronaut_fake.mp4 into the given folder."""
    parser = argparse.ArgumentParser(description="Make the bundled sample pair.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    load_photo: Callable[[], np.ndarray] = data.astronaut  # without types of its own
    photo = np.asarray(load_photo(), np.uint8)
    landmarks = load_detector().detect(photo)[0].landmarks_xy
    write_clip(folder / "astronaut_real.mp4", clip(photo, lambda _time_s: photo))
    write_clip(folder / "astronaut_fake.mp4", clip(photo, Forgery(photo, landmarks).at))


def clip(photo: Pixels, picture_at: Callable[[float], Pixels]) -> Iterator[Pixels]:
    """Yield the frames (SIDE_PX, SIDE_PX, 3) of a hand-held recording of a picture."""
    noise = np.random.default_rng(7)  # the same noise in both clips
    for index in range(round(DURATION_S * RATE_HZ)):
        time_s = index / RATE_HZ
        frame = cv2.warpAffine(
            picture_at(time_s),
            camera_at(time_s, photo.shape[1]),
            (SIDE_PX, SIDE_PX),
            flags=cv2.INTER_AREA,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        lit = frame * (1.0 + 0.06 * np.sin(1.1 * time_s)) + noise.normal(0, 2.5, frame.shape)
        yield np.clip(lit, 0, 255).astype(np.uint8)


def camera_at(time_s: float, width_px: int) -> npt.NDArray[np.float64]:
    """Return the 2×3 matrix that takes the photo to the frame seen at a moment."""
    turn_deg = 2.0 * np.sin(0.8 * time_s)
    zoom = 1.25 + 0.12 * np.sin(0.6 * time_s + 0.5)
    centre = 0.5 * width_px
    matrix = cv2.getRotationMatrix2D((centre, 0.44 * width_px), turn_deg, zoom)
    matrix[0, 2] += 14 * np.sin(0.9 * time_s) + 2 * np.sin(7 * time_s) + 0.5 * SIDE_PX - centre
    matrix[1, 2] += 9 * np.sin(1.3 * time_s + 1) + 1.5 * np.sin(9 * time_s) + 0.1 * SIDE_PX
    return np.asarray(matrix, np.float64)


class Forgery:
    """A photo whose face is blended with a changed copy of itself, a little other each frame."""

    def __init__(self, photo: Pixels, landmarks_xy: Reals) -> None:
        self._photo = photo
        self._hull = face_hull(landmarks_xy)
        self._source = changed(photo, landmarks_xy.mean(0))

    def at(self, time_s: float) -> Pixels:
        """Return the forged photo of a moment, of the photo's shape."""
        flicker = np.random.default_rng(round(time_s * RATE_HZ))
        mask = self._mask(flicker)[..., None]  # (H, W, 1)
        blended = mask * self._source + (1 - mask) * self._photo
        return np.clip(blended, 0, 255).astype(np.uint8)

    def _mask(self, flicker: np.random.Generator) -> Reals:
        jitter = flicker.normal(0, 1.2, self._hull.shape)
        mask = np.zeros(self._photo.shape[:2], np.float32)
        cv2.fillConvexPoly(mask, np.rint(self._hull + jitter).astype(np.int32), 1.0)
        return cv2.GaussianBlur(mask, (0, 0), 2.5) * flicker.uniform(0.85, 1.0)


def face_hull(landmarks_xy: Reals) -> Reals:
    """Return a convex outline (16, 2) about the eyes, nose and mouth of five landmarks."""
    eyes, mouth = landmarks_xy[:2].mean(0), landmarks_xy[3:].mean(0)
    down = mouth - eyes
    across = np.array([down[1], -down[0]])
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)[:, None]
    centre = eyes + 0.55 * down
    return np.asarray(centre + np.cos(angle) * across * 0.85 + np.sin(angle) * down, np.float32)


def changed(photo: Pixels, centre_xy: Reals) -> Reals:
    """Return a copy (H, W, 3) of other colour, size, place and sharpness, float32."""
    height, width = photo.shape[:2]
    centre = float(centre_xy[0]), float(centre_xy[1])
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, 1.5, 1.04), np.float64)
    matrix[:, 2] += (2.0, -2.5)
    moved = cv2.warpAffine(photo, matrix, (width, height), flags=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(moved, (0, 0), 0.9).astype(np.float32)
    return np.asarray(soft * (1.06, 0.97, 0.94) + (6, 1, -4), np.float32)


def write_clip(path: Path, frames: Iterator[Pixels]) -> None:
    """Encode frames as H.264 in mp4; one thread, so that the bytes come out the same."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(RATE_HZ))
        stream.width = stream.height = SIDE_PX
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(CRF), "preset": "slow", "threads": "1"}
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    main()
