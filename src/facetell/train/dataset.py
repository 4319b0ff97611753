"""Training batches: real and fake groups of several kinds, degraded alike.

Every batch holds the same mix. A batch is a function of the seed and of its number and of nothing
else, so a run that was stopped goes on with exactly the batches that it would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from facetell.train.augment import degrade, draw_degradation
from facetell.train.blend import put_inside, self_blend
from facetell.train.config import Mix
from facetell.train.pools import Grouped, check_mix, draw, make_pools
from facetell.train.store import ClipRecord, Pixels, Store

Frames = list[Pixels]
Places = npt.NDArray[np.int64]
Labelled = tuple[Frames, int]

DUBBED = 0.4
"""Share of blended clips that get the face of another moment: a mouth that moves differently."""
MOST_APART_S = 0.06
"""Frames of a fake and of its original this far apart still show the same moment."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Clips padded to one length; the real and the fake of each group in turn.

    Attributes:
        pixels: uint8, (B, T, 3, H, W).
        mask: float, (B, T), 1 where there is a frame.
        is_fake: float, (B,), 1 means fake.
    """

    pixels: Tensor
    mask: Tensor
    is_fake: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        tensors = (t.to(device, non_blocking=True) for t in (self.pixels, self.mask, self.is_fake))
        return Batch(*tensors)


class BatchDataset(Dataset[Batch]):
    """Batch k of a run is item k.

    Args:
        store: where the crops lie.
        records: the clips to train on.
        mix: what a batch holds.
        side_px: side of the crops.
        seed: of all draws.
        count: how many batches there are.

    Raises:
        UsageError: the records have nothing for one of the mix' kinds.
    """

    def __init__(
        self,
        store: Store,
        records: Sequence[ClipRecord],
        mix: Mix,
        side_px: int,
        seed: int,
        count: int,
    ) -> None:
        self._store, self._mix, self._side_px = store, mix, side_px
        self._seed, self._count = seed, count
        self.pools = make_pools(records)
        check_mix(mix, self.pools)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Batch:
        rng = np.random.default_rng((self._seed, number))
        kinds = (
            (self._mix.pairs, self._pair),
            (self._mix.stills, self._still),
            (self._mix.blended, self._blended),
            (self._mix.decoded, self._decoded),
            (self._mix.synthetic, self._synthetic),
            (self._mix.twins, self._twin),
            (self._mix.clips, self._clip),
            (self._mix.blended_clips, self._blended_clip),
        )
        groups = [make(rng) for count, make in kinds for _ in range(count)]
        return collate([clip for group in groups for clip in group])

    def _pair(self, rng: np.random.Generator) -> Sequence[Labelled]:
        return self._forged(draw(self.pools.paired, rng), 1, rng)

    def _twin(self, rng: np.random.Generator) -> Sequence[Labelled]:
        return self._forged(draw(self.pools.twins, rng), self._mix.time, rng)

    def _forged(self, fake: ClipRecord, time: int, rng: np.random.Generator) -> Sequence[Labelled]:
        """A fake and the same moments of its original."""
        originals = self.pools.originals[fake.clip]
        real = originals[int(rng.integers(len(originals)))]
        both = self._same_moments(real, fake)
        length = min(time, len(both))
        start = int(rng.integers(len(both) - length + 1))
        real_at, fake_at = both[start : start + length].T
        frames = self._frames(real, real_at), self._frames(fake, fake_at)
        return self._group(*frames, real.margin, fake.margin, rng)

    def _still(self, rng: np.random.Generator) -> Sequence[Labelled]:
        return self._unpaired(draw(self.pools.fakes, rng), self.pools.reals, 1, rng)

    def _synthetic(self, rng: np.random.Generator) -> Sequence[Labelled]:
        return self._unpaired(draw(self.pools.synthetic, rng), self.pools.reals, 1, rng)

    def _clip(self, rng: np.random.Generator) -> Sequence[Labelled]:
        fake = draw(self.pools.fake_clips, rng)
        return self._unpaired(fake, self.pools.real_clips, self._mix.time, rng)

    def _unpaired(
        self, fake: ClipRecord, reals: Grouped, time: int, rng: np.random.Generator
    ) -> Sequence[Labelled]:
        # half the reals from the fake's own source where it has some: all but the forgery is equal
        same = {fake.source: reals[fake.source]} if fake.source in reals else {}
        real = draw(same if same and rng.random() < 0.5 else reals, rng)
        time = min(time, real.frames, fake.frames)  # of one length, or the length would tell
        frames = [self._frames(r, _stretch(r, time, rng)) for r in (real, fake)]
        return self._group(frames[0], frames[1], real.margin, fake.margin, rng)

    def _decoded(self, rng: np.random.Generator) -> Sequence[Labelled]:
        fake = draw(self.pools.decoded, rng)
        real = self.pools.originals[fake.clip][0]
        both = self._same_moments(real, fake)
        real_at, fake_at = both[rng.integers(len(both))][None].T
        crop, coded = self._frames(real, real_at)[0], self._frames(fake, fake_at)[0]
        if real.has_points and crop.shape == coded.shape and rng.random() < 0.5:
            coded = put_inside(crop, coded, self._store.points(real, real_at.tolist())[0], rng)
        return self._group([crop], [coded], real.margin, fake.margin, rng)

    def _blended(self, rng: np.random.Generator) -> Sequence[Labelled]:
        real = draw(self.pools.marked, rng)
        where = _stretch(real, 1, rng)
        crops = self._frames(real, where)
        fake, _ = self_blend(crops, list(self._store.points(real, where.tolist())), rng)
        return self._group(crops, fake, real.margin, real.margin, rng)

    def _blended_clip(self, rng: np.random.Generator) -> Sequence[Labelled]:
        record = draw(self.pools.marked_clips, rng)
        where = _stretch(record, min(self._mix.time, record.frames), rng)
        time = len(where)
        dubbed = rng.random() < DUBBED
        moved = (where + rng.integers(1, record.frames)) % record.frames
        both = np.concatenate([where, moved]) if dubbed else where
        crops = self._frames(record, both)
        points = list(self._store.points(record, both.tolist()))
        sources = [*range(time, 2 * time)] * 2 if dubbed else None
        fake, _ = self_blend(crops, points, rng, sources)
        return self._group(crops[:time], fake[:time], record.margin, record.margin, rng)

    def _group(
        self,
        real: Frames,
        fake: Frames,
        real_margin: float,
        fake_margin: float,
        rng: np.random.Generator,
    ) -> tuple[Labelled, Labelled]:
        how = draw_degradation(rng)
        clean = degrade(real, how, rng, self._side_px, real_margin)
        forged = degrade(fake, how, rng, self._side_px, fake_margin)
        return (clean, 0), (forged, 1)

    def _frames(self, record: ClipRecord, where: Places) -> Frames:
        return list(self._store.frames(record, where.tolist()))

    def _same_moments(self, real: ClipRecord, fake: ClipRecord) -> Places:
        """Return places (N, 2) in the real and in the fake that show the same moments."""
        times_s = self._store.times_s(real), self._store.times_s(fake)
        apart_s = np.abs(times_s[1][:, None] - times_s[0])  # (fake, real)
        nearest = apart_s.argmin(axis=1)
        same = apart_s.min(axis=1) <= MOST_APART_S
        if not same.any():  # clocks that don't agree: frame by frame
            order = np.arange(min(real.frames, fake.frames))
            return np.stack([order, order], axis=1)
        return np.stack([nearest[same], np.flatnonzero(same)], axis=1)


def _stretch(record: ClipRecord, time: int, rng: np.random.Generator) -> Places:
    """Draw `time` neighbouring frames of a clip."""
    start = int(rng.integers(record.frames - time + 1))
    return np.arange(start, start + time)


def collate(clips: Sequence[Labelled]) -> Batch:
    """Pad clips (frames, 1 for fake) to the longest of them."""
    time, side = max(len(frames) for frames, _ in clips), clips[0][0][0].shape[0]
    pixels = np.zeros((len(clips), time, 3, side, side), np.uint8)
    mask = np.zeros((len(clips), time), np.float32)
    for k, (frames, _) in enumerate(clips):
        pixels[k, : len(frames)] = np.stack(frames).transpose(0, 3, 1, 2)
        mask[k, : len(frames)] = 1
    is_fake = np.array([label for _, label in clips], np.float32)
    return Batch(torch.from_numpy(pixels), torch.from_numpy(mask), torch.from_numpy(is_fake))
