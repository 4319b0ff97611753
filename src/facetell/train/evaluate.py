"""How a detector does on a store's validation part: pairs by frame, clips by video.

A look during training, at crops. What is reported of a released model goes through the shipped
pipeline instead (benchmarks/validation.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch

from facetell.model.detector import Detector
from facetell.train.augment import Degradation, degrade
from facetell.train.dataset import Frames, collate
from facetell.train.metrics import auc, source_auc
from facetell.train.old_store import PAIR_MARGIN, STORE_MARGIN, Pixels, Store

PLAIN = Degradation(False, 1.0, (0.0, 0.0), 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, None, None)
"""No degradation: only the crop that the model's geometry asks for."""

BATCH = 32


def make_evaluate(
    store: Store, side_px: int, pairs: int = 300, time: int = 4
) -> Callable[[Detector], dict[str, float]]:
    """Return a function that measures a detector on validation.

    Args:
        store: only its validation parts are read.
        side_px: the model's input side.
        pairs: how many pairs of stills to look at.
        time: frames of a clip; two clips are taken of each video, from its start and its end.
    """
    held_out = [p for p in store.pairs if p.part == "validation"][:pairs]
    clips = [c for c in store.clips if c.split == "validation"]

    def evaluate(model: Detector) -> dict[str, float]:
        names = [n for p in held_out for n in (p.real, p.fakes[0])]
        stills = ([plain(store.still(n), PAIR_MARGIN, side_px)] for n in names)
        _, still_logits = score(model, stills)
        ends = [e for c in clips for e in _ends(store.frames(c), time, side_px)]
        clip_logits, frame_logits = score(model, iter(ends))
        by_clip, by_frame = (x.reshape(-1, 2).mean(1) for x in (clip_logits, frame_logits))
        fake = [c.is_fake for c in clips]
        return {
            "pairs_frame_auc": auc([0, 1] * len(held_out), still_logits),
            "clips_lstm_auc": auc(fake, by_clip),
            "clips_mean_auc": auc(fake, by_frame),
            "clips_source_auc": source_auc(fake, by_clip, [c.source for c in clips]),
        }

    return evaluate


def plain(crop: Pixels, margin: float, side_px: int) -> Pixels:
    """Cut the model's own square out of a stored crop, undegraded."""
    return degrade([crop], PLAIN, np.random.default_rng(0), side_px, margin)[0]


def _ends(frames: Pixels, time: int, side_px: int) -> list[Frames]:
    cuts = frames[:time], frames[-time:]
    return [[plain(f, STORE_MARGIN, side_px) for f in cut] for cut in cuts]


@torch.no_grad()
def score(
    model: Detector, clips: Iterator[Frames]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return each clip's logit (N,) and the mean of its frames' logits (N,)."""
    by_clip, by_frame = [], []
    for chunk in _chunks(clips, BATCH):
        batch = collate([(frames, 0) for frames in chunk])
        with torch.autocast("cpu", torch.bfloat16):
            clip, frames, _ = model.logits(batch.pixels, batch.mask)
        by_clip.append(clip.float())
        by_frame.append((frames.float() * batch.mask).sum(1) / batch.mask.sum(1))
    as_array = [torch.cat(x).double().numpy() for x in (by_clip, by_frame)]
    return as_array[0], as_array[1]


def _chunks(items: Iterator[Frames], size: int) -> Iterator[list[Frames]]:
    chunk: list[Frames] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
