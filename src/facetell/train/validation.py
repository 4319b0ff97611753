"""How a detector does on the validation part of a store: a look during training, at crops.

What is reported of a released model goes through the shipped pipeline instead, from videos on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from facetell.errors import UsageError
from facetell.model.detector import Detector
from facetell.train.augment import Degradation, degrade
from facetell.train.dataset import Frames, collate
from facetell.train.device import mixed_precision
from facetell.train.metrics import auc, source_auc
from facetell.train.store import ClipRecord, Pixels, Store

PLAIN = Degradation(False, 1.0, (0.0, 0.0), 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, None, None)
"""No degradation: only the crop that the model's geometry asks for."""

BATCH = 16
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at validation found; NaN where a class is missing.

    Attributes:
        loss: binary cross-entropy of the clips' logits.
        accuracy: share of clips on the right side of a logit of 0.
        auc: of the clips' logits.
        frame_auc: of the mean of each clip's frame logits: what the head over time adds to it.
        source_auc: of the clips' logits, every source weighing the same.
        stills_auc, clips_auc: of the clips' logits, single frames and longer clips apart.
        true_real, false_fake, false_real, true_fake: the confusion matrix at a logit of 0, clips.
    """

    loss: float
    accuracy: float
    auc: float
    frame_auc: float
    source_auc: float
    stills_auc: float
    clips_auc: float
    true_real: int
    false_fake: int
    false_real: int
    true_fake: int

    def as_record(self) -> dict[str, float]:
        """Return the numbers for the log, without those that are not there."""
        return {k: v for k, v in asdict(self).items() if math.isfinite(v)}


class Validation:
    """Looks at the same clips each time.

    Args:
        store: where the crops lie.
        records: the clips of validation.
        side_px: the model's input side.
        time: frames of a clip; two stretches of each clip are looked at, its start and its end.
        most: how many clips are looked at, drawn with a fixed seed where there are more.
    """

    def __init__(
        self, store: Store, records: Sequence[ClipRecord], side_px: int, time: int, most: int
    ) -> None:
        self._store, self._side_px, self._time = store, side_px, time
        self.records = evenly_drawn(records, most)

    def look(self, model: Detector, device: torch.device) -> Look:
        """Measure a detector in evaluation mode on undegraded crops."""
        stretches = (stretch for record in self.records for stretch in self._ends(record))
        clip_logits, frame_logits = score(model, stretches, device)
        halves = clip_logits.reshape(-1, 2).mean(1), frame_logits.reshape(-1, 2).mean(1)
        return measured(self.records, *halves)

    def _ends(self, record: ClipRecord) -> Iterator[Frames]:
        time = min(self._time, record.frames)
        for start in (0, record.frames - time):
            crops = self._store.frames(record, range(start, start + time))
            yield [plain(crop, record.margin, self._side_px) for crop in crops]


def measured(records: Sequence[ClipRecord], logits: Array, frame_logits: Array) -> Look:
    """Measure clip logits (N,) and the means of frame logits (N,) of labelled clips."""
    fake = np.array([r.is_fake for r in records])
    still = np.array([r.frames == 1 for r in records])
    called = logits > 0
    return Look(
        loss=float(np.logaddexp(0, np.where(fake, -logits, logits)).mean()),
        accuracy=float((called == fake).mean()),
        auc=auc(fake, logits),
        frame_auc=auc(fake, frame_logits),
        source_auc=source_auc(fake, logits, [r.source for r in records]),
        stills_auc=auc(fake[still], logits[still]),
        clips_auc=auc(fake[~still], logits[~still]),
        true_real=int((~called & ~fake).sum()),
        false_fake=int((called & ~fake).sum()),
        false_real=int((~called & fake).sum()),
        true_fake=int((called & fake).sum()),
    )


def evenly_drawn(records: Sequence[ClipRecord], most: int) -> list[ClipRecord]:
    """Draw at most so many clips, as many reals as fakes where there are enough of both."""
    rng = np.random.default_rng(0)
    chosen: list[ClipRecord] = []
    classes = [[r for r in records if r.is_fake == label] for label in (False, True)]
    classes.sort(key=len)
    for members, left in zip(classes, (2, 1), strict=True):
        wanted = (most - len(chosen)) // left
        chosen += [members[k] for k in rng.permutation(len(members))[:wanted]]
    return sorted(chosen, key=lambda record: record.row)


def plain(crop: Pixels, margin: float, side_px: int) -> Pixels:
    """Cut the model's own square out of a stored crop, undegraded."""
    return degrade([crop], PLAIN, np.random.default_rng(0), side_px, margin)[0]


@torch.no_grad()
def score(model: Detector, clips: Iterator[Frames], device: torch.device) -> tuple[Array, Array]:
    """Return each clip's logit (N,) and the mean of its frames' logits (N,)."""
    by_clip, by_frame = [], []
    while chunk := list(islice(clips, BATCH)):
        batch = collate([(frames, 0) for frames in chunk]).to(device)
        with mixed_precision(device):
            clip, frames, _ = model.logits(batch.pixels, batch.mask)
        by_clip.append(clip.float().cpu())
        by_frame.append(((frames.float() * batch.mask).sum(1) / batch.mask.sum(1)).cpu())
    clip_logits, frame_logits = (torch.cat(x).double().numpy() for x in (by_clip, by_frame))
    return clip_logits, frame_logits


def watched(record: Mapping[str, float], name: str) -> float:
    """Return the number of a look that a run watches, larger being better.

    Raises:
        UsageError: looks have no such number.
    """
    if name not in record:
        raise UsageError(f"watch: no {name!r} in a look at validation; it has {', '.join(record)}")
    return -record[name] if name == "loss" else record[name]
