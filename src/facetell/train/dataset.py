"""Training batches: real and fake groups of several kinds, degraded alike.

Every batch holds the same mix. A batch is a function of (seed, step) and of nothing else, so a
run that was stopped goes on with exactly the batches that it would have seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from facetell.train.augment import degrade, draw_degradation
from facetell.train.blend import Points, put_inside, self_blend
from facetell.train.old_store import PAIR_MARGIN, STORE_MARGIN, Pixels, Store, StoredClip

Frames = list[Pixels]


@dataclass(frozen=True, slots=True)
class Mix:
    """How many groups (a real and a fake each) of each kind a batch holds.

    Attributes:
        pairs: stills of one video, real and forged.
        blended_pairs: stills and their self-blended fakes.
        blended_portraits: photos and their self-blended fakes.
        decoded: crops and what an autoencoder made of them, whole or inside a mask.
        synthetic: photos and wholly synthetic faces.
        twins: the same moment of a recording, real and forged, `time` frames.
        clips: clips of different recordings, the real of the fake's own source where it has some.
        blended_clips: real clips and their self-blended fakes.
        time: frames of a clip.
    """

    pairs: int = 5
    blended_pairs: int = 2
    blended_portraits: int = 1
    decoded: int = 2
    synthetic: int = 1
    twins: int = 1
    clips: int = 1
    blended_clips: int = 1
    time: int = 3


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


class BatchDataset(Dataset[Batch]):
    """Batch k of a run is item k.

    Args:
        store: where the crops lie; only its training parts are read.
        mix: what a batch holds.
        side_px: the model's input side.
        seed: of all draws.
        steps: how many batches there are.
    """

    def __init__(self, store: Store, mix: Mix, side_px: int, seed: int, steps: int) -> None:
        self._store, self._mix, self._side_px = store, mix, side_px
        self._seed, self._steps = seed, steps
        self._pairs = [p for p in store.pairs if p.part == "train"]
        clips = [c for c in store.clips if c.split == "train"]
        self._real_clips = _by_method([c for c in clips if not c.is_fake])
        self._fake_clips = _by_method([c for c in clips if c.is_fake])
        self._recorded: dict[str, list[StoredClip]] = defaultdict(list)
        for clip in clips:
            if not clip.is_fake:
                self._recorded[clip.group].append(clip)
        self._twins = _by_method([c for c in clips if c.is_fake and c.group in self._recorded])

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng((self._seed, step))
        mix = self._mix
        groups = [self._pair(rng) for _ in range(mix.pairs)]
        groups += [self._blended_pair(rng) for _ in range(mix.blended_pairs)]
        groups += [self._blended_portrait(rng) for _ in range(mix.blended_portraits)]
        groups += [self._decoded(rng) for _ in range(mix.decoded)]
        groups += [self._synthetic(rng) for _ in range(mix.synthetic)]
        groups += [self._twin(rng) for _ in range(mix.twins)]
        groups += [self._clip_pair(rng) for _ in range(mix.clips)]
        groups += [self._blended_clip(rng) for _ in range(mix.blended_clips)]
        return collate([clip for group in groups for clip in group])

    def _group(
        self, real: Frames, fake: Frames, margin: float, rng: np.random.Generator
    ) -> tuple[tuple[Frames, int], tuple[Frames, int]]:
        draw = draw_degradation(rng)
        side = self._side_px
        clean = degrade(real, draw, rng, side, margin), degrade(fake, draw, rng, side, margin)
        return (clean[0], 0), (clean[1], 1)

    def _pair(self, rng: np.random.Generator) -> Sequence[tuple[Frames, int]]:
        pair = self._pairs[rng.integers(len(self._pairs))]
        fake = pair.fakes[rng.integers(len(pair.fakes))]
        real, forged = self._store.still(pair.real), self._store.still(fake)
        return self._group([real], [forged], PAIR_MARGIN, rng)

    def _blended_pair(self, rng: np.random.Generator) -> Sequence[tuple[Frames, int]]:
        name = self._pairs[rng.integers(len(self._pairs))].real
        real = [self._store.still(name)]
        fake, _ = self_blend(real, [self._store.points(name)], rng)
        return self._group(real, fake, PAIR_MARGIN, rng)

    def _blended_portrait(self, rng: np.random.Generator) -> Sequence[tuple[Frames, int]]:
        k = rng.integers(len(self._store.portraits))
        real = [self._store.portraits[k]]
        fake, _ = self_blend(real, [self._store.points("portraits")[k]], rng)
        return self._group(real, fake, STORE_MARGIN, rng)

    def _decoded(self, rng: np.random.Generator) -> Sequence[tuple[Frames, int]]:
        decoded = self._store.decoded
        k = rng.integers(len(decoded.real))
        real, fake = decoded.real[k], decoded.fake[k]
        if rng.random() < 0.5:
            fake = put_inside(real, fake, decoded.points[k].astype(np.float32), rng)
        return self._group([real], [fake], PAIR_MARGIN, rng)

    def _synthetic(self, rng: np.random.Generator) -> Sequence[tuple[Frames, int]]:
        reals, fakes = self._store.synthetic_real, self._store.synthetic_fake
        real, fake = reals[rng.integers(len(reals))], fakes[rng.integers(len(fakes))]
        return self._group([real], [fake], STORE_MARGIN, rng)

    def _twin(self, rng: np.random.Generator) -> Sequence[tuple[Frames, int]]:
        fake = _draw_clip(self._twins, rng)
        reals = self._recorded[fake.group]
        real = reals[rng.integers(len(reals))]
        shorter = min((real, fake), key=lambda clip: len(self._store.frames(clip)))
        _, where = self._stretch(shorter, rng)
        real_frames, fake_frames = self._store.frames(real), self._store.frames(fake)
        both: tuple[Frames, Frames] = (
            [real_frames[k] for k in where],
            [fake_frames[k] for k in where],
        )
        return self._group(*both, STORE_MARGIN, rng)

    def _clip_pair(self, rng: np.random.Generator) -> Sequence[tuple[Frames, int]]:
        fake = _draw_clip(self._fake_clips, rng)
        # half the reals from the fake's own source where it has some: all but the forgery is equal
        same = {m: cs for m, cs in self._real_clips.items() if m == fake.source}
        real = _draw_clip(same if same and rng.random() < 0.5 else self._real_clips, rng)
        real_frames, _ = self._stretch(real, rng)
        fake_frames, _ = self._stretch(fake, rng)
        return self._group(real_frames, fake_frames, STORE_MARGIN, rng)

    def _blended_clip(self, rng: np.random.Generator) -> Sequence[tuple[Frames, int]]:
        clip = _draw_clip(self._real_clips, rng)
        real, where = self._stretch(clip, rng)
        points = list(self._store.points(clip.file)[where])
        if rng.random() < 0.4:  # the face of another moment: a mouth that moves differently
            real, fake = self._dubbed(clip, where, rng)
        else:
            fake, _ = self_blend(real, points, rng)
        return self._group(real, fake, STORE_MARGIN, rng)

    def _dubbed(
        self, clip: StoredClip, where: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Frames, Frames]:
        frames, points = self._store.frames(clip), self._store.points(clip.file)
        offset = int(rng.integers(1, len(frames)))
        moved = (where + offset) % len(frames)
        both = np.concatenate([where, moved])
        pictures: Frames = [frames[k] for k in both]
        marks: list[Points] = [points[k] for k in both]
        time = len(where)
        fake, _ = self_blend(pictures, marks, rng, sources=[*range(time, 2 * time)] * 2)
        return pictures[:time], fake[:time]

    def _stretch(
        self, clip: StoredClip, rng: np.random.Generator
    ) -> tuple[Frames, npt.NDArray[np.int64]]:
        """Draw `time` neighbouring frames of a clip, fewer where it is shorter."""
        frames = self._store.frames(clip)
        time = min(self._mix.time, len(frames))
        start = int(rng.integers(len(frames) - time + 1))
        where = np.arange(start, start + time)
        return [frames[k] for k in where], where


def _by_method(clips: Sequence[StoredClip]) -> dict[str, list[StoredClip]]:
    """Group fakes by method and reals by source, so that a large source does not rule."""
    groups: dict[str, list[StoredClip]] = defaultdict(list)
    for clip in clips:
        method = clip.method.split(" (")[0]  # the models of one tool are one method
        groups[method if clip.is_fake else clip.source].append(clip)
    return dict(groups)


def _draw_clip(groups: dict[str, list[StoredClip]], rng: np.random.Generator) -> StoredClip:
    """Draw a group, the more often the larger (by its square root), then one of its clips."""
    names = sorted(groups)
    odds = np.sqrt([len(groups[n]) for n in names])
    clips = groups[names[rng.choice(len(names), p=odds / odds.sum())]]
    return clips[rng.integers(len(clips))]


def collate(clips: Sequence[tuple[Frames, int]]) -> Batch:
    """Pad clips (frames, 1 for fake) to the longest of them."""
    time, side = max(len(frames) for frames, _ in clips), clips[0][0][0].shape[0]
    pixels = np.zeros((len(clips), time, 3, side, side), np.uint8)
    mask = np.zeros((len(clips), time), np.float32)
    for k, (frames, _) in enumerate(clips):
        pixels[k, : len(frames)] = np.stack(frames).transpose(0, 3, 1, 2)
        mask[k, : len(frames)] = 1
    is_fake = np.array([label for _, label in clips], np.float32)
    return Batch(torch.from_numpy(pixels), torch.from_numpy(mask), torch.from_numpy(is_fake))
