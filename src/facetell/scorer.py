"""Batches of clips → what the model says of each clip and of each of its frames.

The only caller of the classifier. The graph takes `pixels` uint8 (B, T, 3, H, W) and `mask`
float32 (B, T), 1 where there is a frame; it returns `clip_logit` (B,), `frame_logits` (B, T),
`activation_maps` (B, T, h, w) and `features` (B, T, F). Positive logits mean fake.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, tee
from operator import itemgetter
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from facetell.clips import Clip
from facetell.ensemble import members
from facetell.errors import ModelError, ModelMismatch
from facetell.options import Runtime
from facetell.runtime import Session, open_session
from facetell.runtime.session import Arrays
from facetell.weights import ModelCard, verify

_RANKS = {"pixels": 5, "mask": 2}
_OUTPUTS = ("clip_logit", "frame_logits", "activation_maps", "features")


@dataclass(frozen=True, slots=True, eq=False)
class ClipScore:
    """What the model says of one clip, T frames of one face.

    Attributes:
        track_id: the face's track.
        burst: number of the burst of frames.
        times_s: float64, (T,).
        frame_indices: int64, (T,).
        boxes_xyxy: float32, (T, 4), pixels of the frame.
        quality: float32, (T,), 0–1.
        logit: of the clip, before calibration; positive means fake.
        frame_logits: float32, (T,), before calibration.
        heatmaps: float32, (T, h, w), 0–1, how fake each region looks.
        features: float32, (T, F), or None if they were not asked for.
        crops: uint8, (T, H, W, 3), RGB.
    """

    track_id: int
    burst: int
    times_s: npt.NDArray[np.float64]
    frame_indices: npt.NDArray[np.int64]
    boxes_xyxy: npt.NDArray[np.float32]
    quality: npt.NDArray[np.float32]
    logit: float
    frame_logits: npt.NDArray[np.float32]
    heatmaps: npt.NDArray[np.float32]
    features: npt.NDArray[np.float32] | None
    crops: npt.NDArray[np.uint8]

    @property
    def p_fake(self) -> float:
        """The clip's probability by the model alone, before any calibration."""
        return 0.5 * (1 + math.tanh(0.5 * self.logit))


class ClipScorer(Protocol):
    """Scores clips as every member of a model sees them; `Ensemble` does, here or elsewhere."""

    def score(
        self, views: Iterable[Sequence[Clip]], keep_features: bool = False
    ) -> Iterator[ClipScore]:
        """Score clips in their order; see `Ensemble.score`."""
        ...


class Scorer:
    """The classifier of one model card that has a graph of its own.

    Args:
        card: the model; its graph's SHA-256 is checked.
        threads: of the session; 0 takes all cores.
        runtime: "onnxruntime" or "openvino".
        batch_clips: clips in one run of the graph. On a CPU more than one gains no speed
            (EfficientNet-Lite0, clips of 5 frames: 40 ms a frame with 1, 2, 4 and 8 alike), and
            takes 50 MB more for each. A graph of a fixed shape takes one clip, whatever is given.
        gpu: run it on a GPU.

    Raises:
        ModelNotFound, ModelAltered: the graph is missing or not the card's.
        ModelMismatch: the graph does not take or give what the card and this version expect.
    """

    def __init__(
        self,
        card: ModelCard,
        threads: int = 0,
        runtime: Runtime = "onnxruntime",
        batch_clips: int = 1,
        gpu: bool = False,
    ) -> None:
        self.card = card
        self._session = open_session(verify(card), threads, runtime, gpu=gpu)
        _check_graph(self._session, card)
        clips, frames = self._session.inputs["pixels"].shape[:2]
        self._batch_clips = clips or batch_clips
        self._frames = frames

    def score(self, clips: Iterable[Clip], keep_features: bool = False) -> Iterator[ClipScore]:
        """Score clips in their order, a batch at a time.

        Raises:
            ModelMismatch: a clip's side is not the card's.
            ModelError: the graph fails or answers with something that is not a number.
        """
        waiting = iter(clips)
        while batch := list(islice(waiting, self._batch_clips)):
            answers = self._session.run(self._padded(batch))
            for row, clip in enumerate(batch):
                found = {name: answers[name][row] for name in _OUTPUTS}
                self._check_finite(found, len(clip.pixels))
                yield _clip_score(clip, found, keep_features)

    def _check_finite(self, found: Arrays, length: int) -> None:
        for name, array in found.items():
            present = array[:length] if array.ndim else array
            if not np.isfinite(present).all():
                raise ModelError(f"{self.card.graph_path}: its output {name} is not finite")

    def _padded(self, batch: Sequence[Clip]) -> Arrays:
        """Stack clips of several lengths; what is added is masked out."""
        side, longest = self.card.input.side_px, max(len(clip.pixels) for clip in batch)
        if self._frames is not None and longest > self._frames:
            raise ModelMismatch(
                f"{self.card.graph_path}: takes clips of {self._frames} frames, got {longest}"
            )
        longest = self._frames or longest
        pixels = np.zeros((len(batch), longest, 3, side, side), np.uint8)
        mask = np.zeros((len(batch), longest), np.float32)
        for row, clip in enumerate(batch):
            if clip.pixels.shape[1:] != (3, side, side):
                size = "x".join(map(str, clip.pixels.shape[2:]))
                raise ModelMismatch(
                    f"{self.card.path}: the model takes crops of {side}x{side} px, got {size}"
                )
            pixels[row, : len(clip.pixels)] = clip.pixels
            mask[row, : len(clip.pixels)] = 1
        return {"pixels": pixels, "mask": mask}


def _check_graph(session: Session, card: ModelCard) -> None:
    """Compare the graph's own inputs and outputs with what the card promises."""
    where = card.graph_path
    if sorted(session.inputs) != sorted(_RANKS):
        raise ModelMismatch(
            f"{where}: expected inputs {sorted(_RANKS)}, found {sorted(session.inputs)}"
        )
    if missing := sorted(set(_OUTPUTS) - set(session.outputs)):
        raise ModelMismatch(
            f"{where}: outputs {missing} are missing, found {sorted(session.outputs)}"
        )
    side = card.input.side_px
    # open sizes, or those of the variant for small boards: one clip, a whole burst
    expected: tuple[int | None, ...] = (1, card.sampling.burst_frames, 3, side, side)
    found = session.inputs["pixels"].shape
    if len(found) != 5 or any(f not in (None, e) for f, e in zip(found, expected, strict=True)):
        raise ModelMismatch(
            f"{where}: its card {card.path} expects pixels (B, T, 3, {side}, {side}), "
            f"the graph takes {found}"
        )
    if session.inputs["pixels"].dtype != np.uint8:
        found_type = session.inputs["pixels"].dtype
        raise ModelMismatch(f"{where}: expected pixels as uint8, the graph takes {found_type}")


def _clip_score(clip: Clip, found: Arrays, keep_features: bool) -> ClipScore:
    length = len(clip.pixels)
    return ClipScore(
        track_id=clip.track_id,
        burst=clip.burst,
        times_s=clip.times_s,
        frame_indices=clip.frame_indices,
        boxes_xyxy=clip.boxes_xyxy,
        quality=clip.quality,
        logit=float(found["clip_logit"]),
        frame_logits=found["frame_logits"][:length],
        heatmaps=_sigmoid(found["activation_maps"][:length]),
        features=found["features"][:length] if keep_features else None,
        crops=clip.pixels.transpose(0, 2, 3, 1),
    )


def _sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    # by tanh: exp overflows for very negative logits
    halved: npt.NDArray[np.float32] = np.tanh(0.5 * logits)
    return 0.5 * (1 + halved)


class Ensemble:
    """The classifiers of one card: a single one, or the members of an ensemble.

    Args:
        card: the model or ensemble.
        threads: of each session; 0 takes all cores.
        runtime: "onnxruntime" or "openvino".
        batch_clips: as of `Scorer`.
        gpu: as of `Scorer`.

    Raises:
        ModelError: as `Scorer`, of any member.
    """

    def __init__(
        self,
        card: ModelCard,
        threads: int = 0,
        runtime: Runtime = "onnxruntime",
        batch_clips: int = 1,
        gpu: bool = False,
    ) -> None:
        self._scorers = [
            Scorer(member, threads, runtime, batch_clips, gpu) for member in members(card)
        ]

    def score(
        self, views: Iterable[Sequence[Clip]], keep_features: bool = False
    ) -> Iterator[ClipScore]:
        """Score clips in their order.

        Args:
            views: each clip as each member sees it, in the order of the members.
            keep_features: keep those of all members, side by side.

        Raises:
            ModelError: as `Scorer.score`.
        """
        streams = [
            scorer.score(map(itemgetter(place), each), keep_features)
            for place, (scorer, each) in enumerate(
                zip(self._scorers, tee(views, len(self._scorers)), strict=True)
            )
        ]
        for scores in zip(*streams, strict=True):
            yield scores[0] if len(scores) == 1 else self._mean(scores)

    def _mean(self, scores: Sequence[ClipScore]) -> ClipScore:
        """Average calibrated logits; features stand side by side."""
        scales = [scorer.card.calibration for scorer in self._scorers]
        logits = [c.slope * s.logit + c.intercept for s, c in zip(scores, scales, strict=True)]
        # Frames are anchored to their clip's logit (`tally`), so that only the slope matters.
        frames = [c.slope * s.frame_logits for s, c in zip(scores, scales, strict=True)]
        first = scores[0]
        kept = [s.features for s in scores if s.features is not None]
        return replace(
            first,
            logit=float(np.mean(logits)),
            frame_logits=np.mean(frames, 0).astype(np.float32),
            heatmaps=self._mean_heatmaps(scores),
            features=np.concatenate(kept, 1) if kept else None,
        )

    def _mean_heatmaps(self, scores: Sequence[ClipScore]) -> npt.NDArray[np.float32]:
        """Average the maps of members that see the first one's square: others lie elsewhere."""
        first = self._scorers[0].card.crop
        height, width = scores[0].heatmaps.shape[1:]
        maps = [
            np.stack([cv2.resize(heat, (width, height)) for heat in score.heatmaps])
            for score, scorer in zip(scores, self._scorers, strict=True)
            if (scorer.card.crop.scale, scorer.card.crop.shift_y) == (first.scale, first.shift_y)
        ]
        return np.asarray(np.mean(maps, 0), np.float32)
