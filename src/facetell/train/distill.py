"""A teacher whose frame logits and features the student learns: for encoders without weights.

Hinton et al. (2015, arXiv:1503.02531) taught scores; features are taught as well (Romero et al.
2015, "FitNets", arXiv:1412.6550), through one linear projection that is thrown away afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from facetell.errors import CorruptMedia, ModelMismatch, ModelNotFound
from facetell.model.detector import Detector
from facetell.runtime import open_session
from facetell.train.checkpoint import CONFIG, read_averaged
from facetell.train.config import Teacher
from facetell.train.device import mixed_precision


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the teacher says of a batch: frame logits (B, T) and features (B, T, F)."""

    frame_logits: Tensor
    features: Tensor


Teach = Callable[[Tensor, Tensor], Lesson]
"""From pixels (B, T, 3, H, W), uint8, and mask (B, T)."""


@dataclass(frozen=True, slots=True)
class TeacherModel:
    """What teaches, and the channels of its features."""

    teach: Teach
    features: int


def load_teacher(teacher: Teacher, device: torch.device, threads: int = 0) -> TeacherModel:
    """Load a teacher: an exported graph runs on the CPU, another run's weights on the device.

    Raises:
        ModelNotFound: a file is missing.
        ModelMismatch: the graph is no detector's, or the file beside the weights no run's
            configuration.
        ModelError: the graph cannot be loaded.
    """
    path = Path(teacher.model)
    side = teacher.side_px
    loaded = _graph(path, side, threads) if path.suffix == ".onnx" else _run(path, device)
    return TeacherModel(lambda p, mask: loaded.teach(resized(p, side), mask), loaded.features)


def _graph(path: Path, side_px: int, threads: int) -> TeacherModel:
    session = open_session(path, threads)
    if not {"features", "frame_logits"} <= session.outputs.keys():
        raise ModelMismatch(f"{path}: no graph that `facetell export` wrote: it cannot teach")

    def teach(pixels: Tensor, mask: Tensor) -> Lesson:
        told = session.run({"pixels": pixels.cpu().numpy(), "mask": mask.cpu().numpy()})
        tensors = (torch.from_numpy(told[n]) for n in ("frame_logits", "features"))
        return Lesson(*(tensor.to(pixels.device) for tensor in tensors))

    # the graph need not tell how many features it gives: a black frame does
    frame = torch.zeros((1, 1, 3, side_px, side_px), dtype=torch.uint8)
    return TeacherModel(teach, teach(frame, torch.ones(1, 1)).features.shape[-1])


def _run(path: Path, device: torch.device) -> TeacherModel:
    model = _detector_beside(path).to(device).eval().requires_grad_(False)

    @torch.no_grad()
    def teach(pixels: Tensor, mask: Tensor) -> Lesson:
        with mixed_precision(device):
            scores = model.logits(pixels, mask)
        return Lesson(scores.frame_logits.float(), scores.features.float())

    return TeacherModel(teach, model.frame_head.in_features)


def _detector_beside(path: Path) -> Detector:
    """Make the detector of a run from its averaged weights and the configuration beside them."""
    beside = path.parent / CONFIG
    if not beside.is_file():
        raise ModelNotFound(f"{beside}: missing; a teacher's weights lie in their run's folder")
    try:
        config = json.loads(beside.read_text(encoding="utf-8"))
        encoder, hidden, temporal = (config[key] for key in ("encoder", "hidden", "temporal"))
        model = Detector(encoder, hidden, temporal=temporal)
        model.load_state_dict(read_averaged(path))
    except (ValueError, KeyError, TypeError, RuntimeError, CorruptMedia) as error:
        raise ModelMismatch(f"{path}: cannot teach: {error}") from error
    return model


def resized(pixels: Tensor, side_px: int) -> Tensor:
    """Scale uint8 pixels (B, T, 3, H, W) to another side; those of that side stay as they are."""
    if pixels.shape[-1] == side_px:
        return pixels
    size = (side_px, side_px)
    scaled = nn.functional.interpolate(
        pixels.flatten(0, 1).float(), size, mode="bilinear", antialias=True, align_corners=False
    )  # (B*T, 3, S, S)
    return scaled.round().clamp(0, 255).byte().view(*pixels.shape[:3], *size)


class Imitation(nn.Module):
    """The loss of a student that differs from its teacher.

    Args:
        teacher: the weights of both parts.
        student_features: channels of the student's features.
        teacher_features: channels of the teacher's.
    """

    def __init__(self, teacher: Teacher, student_features: int, teacher_features: int) -> None:
        super().__init__()
        self._weights = teacher.logits, teacher.features
        self.project = nn.Linear(student_features, teacher_features)

    def forward(self, frames: Tensor, features: Tensor, lesson: Lesson, mask: Tensor) -> Tensor:
        """Compare frame logits (B, T) and features (B, T, F) with the teacher's, where present.

        Logits by the cross-entropy against the teacher's probability, features by the cosine
        of the angle between them.
        """
        present = mask > 0
        by_logit = nn.functional.binary_cross_entropy_with_logits(
            frames[present], lesson.frame_logits[present].sigmoid()
        )
        mine = self.project(features[present])  # (N, F')
        likeness = nn.functional.cosine_similarity(mine, lesson.features[present], dim=-1)
        logits, angles = self._weights
        return logits * by_logit + angles * (1 - likeness).mean()
