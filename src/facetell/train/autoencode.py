"""Add fakes to a store: its own reals, passed through small autoencoders (see `decoders`).

They are ordinary clips, of the real's group and part, with manipulation "autoencoded", `original`
the real's file, the real's times and its landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from facetell.errors import UsageError
from facetell.train.decoders import STRIDES, UPSAMPLERS, Autoencoder, decoded, train_autoencoder
from facetell.train.progress import FileProgress
from facetell.train.store import AUTOENCODED, ClipRecord, Pixels, Store, encode_jpeg
from facetell.train.store_writer import NewClip, StoreWriter

HELD_OUT = ("validation", "test")
LEARNED, LEARNED_PX = 800, 224
"""Crops that the autoencoders learn from, at most, and their side."""
STEPS = 250


@dataclass(frozen=True, slots=True)
class Models:
    """Trained autoencoders and what each is called."""

    models: tuple[Autoencoder, ...]
    names: tuple[str, ...]


def autoencode(root: Path, clips: int, frames: int, seed: int, steps: int = STEPS) -> int:
    """Add fakes to a store; those that it has already are not made again.

    Args:
        root: the store.
        clips: how many reals to draw.
        frames: of each fake, at most.
        seed: of the draw and of the autoencoders.
        steps: training steps of each autoencoder.

    Returns:
        How many fakes were added.

    Raises:
        InputNotFound: no such store.
        UsageError: the store has no reals to learn from.
        OutputError: the store cannot be written.
    """
    store = Store(root)
    reals = _drawn(store, clips, seed)
    if not reals:
        raise UsageError(f"{root}: no real clips outside validation and test; prepare some")
    with StoreWriter(root) as writer:
        jobs = [real for real in reals if not writer.has(real.dataset, _file(real))]
        if jobs:
            models = _trained(store, reals, steps, seed)
            progress = FileProgress(len(jobs), noun="clips")
            for real in jobs:
                writer.add([_fake(store, real, models, frames, seed)])
                progress.step()
            progress.finish()
        writer.finish()
    return len(jobs)


def _drawn(store: Store, clips: int, seed: int) -> list[ClipRecord]:
    """Draw reals that may be trained on, the same ones for a larger number and more."""
    reals = [r for r in store.records if not r.is_fake and r.part not in HELD_OUT]
    order = np.random.default_rng(seed).permutation(len(reals))
    return [reals[k] for k in order[:clips]]


def _trained(store: Store, reals: Sequence[ClipRecord], steps: int, seed: int) -> Models:
    rng = np.random.default_rng(seed)
    pictures = np.stack([_any_frame(store, real, rng) for real in reals[:LEARNED]])
    kinds = list(product(UPSAMPLERS, STRIDES))
    models = tuple(
        train_autoencoder(pictures, upsampler, stride, steps, seed + k)
        for k, (upsampler, stride) in enumerate(kinds)
    )
    return Models(models, tuple(f"{upsampler}, stride {stride}" for upsampler, stride in kinds))


def _any_frame(store: Store, real: ClipRecord, rng: np.random.Generator) -> Pixels:
    crop = store.frames(real, [int(rng.integers(real.frames))])[0]
    small = cv2.resize(crop, (LEARNED_PX, LEARNED_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _fake(store: Store, real: ClipRecord, models: Models, frames: int, seed: int) -> NewClip:
    rng = np.random.default_rng((seed, real.row))
    kind = int(rng.integers(len(models.models)))
    start = int(rng.integers(max(real.frames - frames, 0) + 1))
    where = range(start, min(start + frames, real.frames))
    # each frame draws alike, so that a fake doesn't flicker by its sharpness
    fakes = [
        decoded(crop, models.models[kind], np.random.default_rng((seed, real.row, 1)))
        for crop in store.frames(real, where)
    ]
    record = replace(
        real,
        clip=f"{real.clip} {AUTOENCODED}",
        file=_file(real),
        is_fake=True,
        manipulation=AUTOENCODED,
        method=models.names[kind],
        original=real.file,
        row=-1,
    )
    points = store.points(real, where).astype(np.float16) if real.has_points else None
    times_s = tuple(float(t) for t in store.times_s(real)[list(where)])
    return NewClip(record, tuple(encode_jpeg(fake) for fake in fakes), times_s, points)


def _file(real: ClipRecord) -> str:
    """Return a name for the file that the fake would be; several clips may be of one file."""
    return f"{real.clip.removeprefix(real.dataset + '/')} {AUTOENCODED}"
