"""A tiny store of made-up faces, in the layout that training reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facetell.train.landmarks import POINTS
from facetell.train.store import AUTOENCODED, ClipRecord, Pixels, encode_jpeg
from facetell.train.store_writer import NewClip, StoreWriter

SIDE = 72
SOURCES = ("a", "b", "c", "d")


def face(seed: int, side: int = SIDE) -> Pixels:
    """Return smooth noise with an oval in it, uint8 (side, side, 3)."""
    rng = np.random.default_rng(seed)
    rough = rng.integers(40, 200, (8, 8, 3), np.uint8)
    smooth = np.asarray(cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
    grain = rng.integers(0, 12, smooth.shape, np.uint8)
    return np.asarray(smooth // 2 + 60 + grain, np.uint8)


def points(side: int = SIDE) -> npt.NDArray[np.float32]:
    """Return 468 points that fill an oval in the middle."""
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    radius = side * 0.3 * np.sqrt(np.linspace(0.2, 1, POINTS))
    around = np.stack([np.cos(angle * 7) * radius, np.sin(angle * 7) * radius], 1)
    return np.asarray(side / 2 + around, np.float32)


def forged(picture: Pixels) -> Pixels:
    """Return the picture with a checkerboard over its middle, which is easily learned."""
    out, inner = picture.astype(np.int16), slice(SIDE // 4, 3 * SIDE // 4)
    y, x = np.indices((SIDE // 2, SIDE // 2)) // 4
    out[inner, inner] += np.where((x + y) % 2, 45, -45)[..., None].astype(np.int16)
    return np.clip(out, 0, 255).astype(np.uint8)


def made_clips(frames: int = 5, each: int = 2) -> Iterator[NewClip]:
    """Make of each of four sources `each` recordings: a still and a clip, real and forged.

    The last source is for validation. The clips of source b name no original.
    """
    for place, source in enumerate(SOURCES):
        for k in range(each):
            for count in (1, frames):
                seed = 1000 * place + 10 * k + count
                real = [face(seed + t, SIDE) for t in range(count)]
                yield _clip(source, f"{seed}", real, is_fake=False)
                yield _clip(source, f"{seed}", [forged(p) for p in real], is_fake=True)
            picture = face(1000 * place + 10 * k + 1, SIDE)
            yield _clip(
                source, f"{1000 * place + 10 * k + 1}", [forged(picture)], True, AUTOENCODED
            )
            yield _clip(
                source, f"{1000 * place + 10 * k}", [forged(face(k, SIDE))], True, "synthetic"
            )


def _clip(
    source: str, name: str, crops: list[Pixels], is_fake: bool, manipulation: str = "faceswap"
) -> NewClip:
    file = f"{manipulation if is_fake else 'real'}/{source}{name}"
    known = source != "b" and manipulation != "synthetic"
    record = ClipRecord(
        clip=file, dataset="made", file=file, is_fake=is_fake, source=source,
        manipulation=manipulation if is_fake else "", method=manipulation if is_fake else "",
        group=f"{source}{name}", original=f"real/{source}{name}" if is_fake and known else "",
        part="validation" if source == "d" else "train", identity="", track=0, quality=1.0,
        frames=0, side_px=SIDE, margin=1.3, has_points=False,
    )  # fmt: skip
    jpegs = tuple(encode_jpeg(crop) for crop in crops)
    times_s = tuple(0.1 * k for k in range(len(crops)))
    marks = None if is_fake else np.stack([points(SIDE)] * len(crops)).astype(np.float16)
    return NewClip(record, jpegs, times_s, marks)


def make_store(root: Path, frames: int = 5, each: int = 2) -> Path:
    """Write the store."""
    with StoreWriter(root) as writer:
        for clip in made_clips(frames, each):
            writer.add([clip])
        writer.finish()
    return root
