"""Real clips → self-blended ones whose mask is known: what heat maps and gates are checked on.

They are made as in training (`train.blend`, `train.augment`), but of media that a model need not
have seen, and cut out by the stages of inference.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from facetell.clips import Clip
from facetell.ensemble import members
from facetell.errors import FacetellError, ModelMismatch
from facetell.faces import load_detector
from facetell.train.augment import Degradation, degrade, draw_degradation
from facetell.train.blend import self_blend
from facetell.train.face_clips import MODEL_CROP, ClipSettings, find_faces
from facetell.train.landmarks import FaceMesh, find_landmarks
from facetell.train.layouts import Media, Tree
from facetell.weights import ModelCard

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.float32]

PLAIN = Degradation(False, 1.0, (0.0, 0.0), 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, None, None)
"""Nothing but the crop that a model's geometry asks for."""

INSIDE = 0.02
"""Weight of the forgery from which on a pixel counts as changed."""


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """A real clip of one face and its self-blended fake, T frames each.

    Attributes:
        media: what it was made from.
        real, fake: stored crops, uint8 RGB, T times (S, S, 3).
        masks: weight of the forgery, 0–1, T times (S, S).
        margin: side of the crops over that of `MODEL_CROP`.
        seed: of what else is drawn for it.
    """

    media: Media
    real: list[Pixels]
    fake: list[Pixels]
    masks: list[Mask]
    margin: float
    seed: tuple[int, ...]

    def degradation(self) -> Degradation:
        """Draw a degradation as training does, always the same."""
        return draw_degradation(np.random.default_rng(self.seed))


def make_blends(
    media: Iterable[Media], tree: Tree, frames: int, clips: int = 1, again: int = 1
) -> Iterator[Blend]:
    """Blend the reals among some media; what has no face or cannot be read is left out.

    Args:
        media: labelled files; fakes are left out.
        tree: where they lie.
        frames: of a clip.
        clips: of a video, at most.
        again: how many fakes are made of each clip.

    Raises:
        ModelNotFound: FaceMesh, which draws the masks, is not installed.
    """
    mesh, detector = FaceMesh(find_landmarks()), load_detector(1)
    settings = ClipSettings(frames=frames, clips=clips)
    for item in media:
        if item.is_fake:
            continue
        try:
            with tree.opened(item.file) as path:
                found = find_faces(path, settings, detector)
        except FacetellError:
            continue
        for place, clip in enumerate(found):
            crops = [np.ascontiguousarray(p.transpose(1, 2, 0)) for p in clip.pixels]
            points = [mesh.detect(crop, 0.0) for crop in crops]
            for turn in range(again):
                seed = zlib.crc32(item.file.encode()), place, turn
                fakes, masks = self_blend(crops, points, np.random.default_rng(seed))
                yield Blend(item, crops, fakes, masks, settings.margin, seed)


def seen_by(
    crops: Sequence[Pixels], blend: Blend, card: ModelCard, draw: Degradation = PLAIN
) -> tuple[Clip, ...]:
    """Return crops of a blend as each member of a model sees them, degraded or not.

    Raises:
        ModelMismatch: the model looks at another square.
    """
    return tuple(_clip(_views(crops, blend, m, draw)) for m in members(card))


def masks_seen_by(blend: Blend, card: ModelCard, draw: Degradation = PLAIN) -> list[Mask]:
    """Return the masks in the crops of a model, (side_px, side_px) each, moved as the crops are."""
    moved = replace(
        PLAIN, flip=draw.flip, scale=draw.scale, shift=draw.shift, turn_deg=draw.turn_deg
    )
    levels = [
        np.repeat(np.round(mask * 255).astype(np.uint8)[..., None], 3, 2) for mask in blend.masks
    ]
    return [(view[..., 0] / 255).astype(np.float32) for view in _views(levels, blend, card, moved)]


def _views(
    crops: Sequence[Pixels], blend: Blend, card: ModelCard, draw: Degradation
) -> list[Pixels]:
    if card.crop.shift_y != MODEL_CROP.shift_y:
        raise ModelMismatch(
            f"{card.path}: blends are cut {MODEL_CROP.shift_y} box heights below the face box, "
            f"this model looks {card.crop.shift_y} below it"
        )
    margin = blend.margin * MODEL_CROP.scale / card.crop.scale
    rng = np.random.default_rng((*blend.seed, len(crops)))
    return degrade(crops, draw, rng, card.input.side_px, margin)


def _clip(frames: Sequence[Pixels]) -> Clip:
    count = len(frames)
    return Clip(
        track_id=0,
        burst=0,
        pixels=np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2)),
        times_s=np.arange(count) / 10,
        frame_indices=np.arange(count),
        boxes_xyxy=np.zeros((count, 4), np.float32),
        quality=np.ones(count, np.float32),
    )
