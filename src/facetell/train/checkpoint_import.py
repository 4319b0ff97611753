"""`facetell import`: a checkpoint of an older ResNeXt + LSTM project → ONNX graph and card."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facetell import __version__
from facetell.errors import ModelMismatch, UsageError
from facetell.model.detector import MEAN, STD
from facetell.model.export import export_onnx
from facetell.model.resnext_lstm import (
    CHANNEL_ORDERS,
    FRAME_POOLS,
    SIDE_PX,
    Quirks,
    ResNeXtLstm,
    read_checkpoint,
)
from facetell.train.cards import plain_name, sha256_of_graph, write_card
from facetell.weights import (
    UNFITTED,
    BurstSampling,
    CropGeometry,
    InputSpec,
    Metric,
    ModelCard,
    Thresholds,
)

CROP = CropGeometry("centerface", scale=0.94, shift_y=0.04, side_px=SIDE_PX)
"""face_recognition's box (dlib's HOG detector, no margin) told by CenterFace's.

Measured on 99 faces of plain recordings: side over the root of CenterFace's area 0.94 in the median
(5 to 95 %: 0.82 to 1.11), centre 0.04 box heights below (-0.03 to 0.10). The 40 px that the
application adds are for the pictures that it shows; the network never sees them.
"""
STEP_S = 1 / 30
"""These projects take the first frames one after the other, of videos of mostly 30 frames a s."""
MOST_FRAMES = 100

_FRAMES = re.compile(r"(\d+)_?frames?", re.I)
_ACCURACY = re.compile(r"(\d{1,3}(?:[.,]\d+)?)_?acc", re.I)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a checkpoint's file name says: frames of a clip, and accuracy 0–1; None if nothing."""

    frames: int | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How a checkpoint is to be taken over.

    Attributes:
        name: of the model; by default the file's stem.
        frames: of a clip; by default what the file's name says.
        quirks: of the program that it was trained in.
    """

    name: str = ""
    frames: int | None = None
    quirks: Quirks = field(default_factory=Quirks)


def read_claim(name: str) -> Claim:
    """Read what a file's name claims.

    >>> read_claim("model_87_acc_20_frames_final_data.pt")
    Claim(frames=20, accuracy=0.87)
    >>> read_claim("checkpoint.pt")
    Claim(frames=None, accuracy=None)
    """
    frames, accuracy = _FRAMES.search(name), _ACCURACY.search(name)
    share = float(accuracy[1].replace(",", ".")) / 100 if accuracy else None
    return Claim(int(frames[1]) if frames else None, share)


def import_checkpoint(path: Path, out: Path, plan: ImportPlan) -> ModelCard:
    """Convert a checkpoint; write graph and card into a folder.

    Raises:
        InputNotFound: there is no such file.
        UsageError: neither the plan nor the file's name says how many frames a clip has.
        ModelMismatch: the file holds something else, or the graph differs from torch.
    """
    claim = read_claim(path.name)
    frames = plan.frames or claim.frames
    if frames is None:
        raise UsageError(f"{path}: its name does not say how many frames it takes: give --frames N")
    if not 1 <= frames <= MOST_FRAMES:
        raise UsageError(f"{frames} frames a clip: give 1 to {MOST_FRAMES}")
    name = plain_name(plan.name or path.stem)
    state = read_checkpoint(path)
    try:
        model = ResNeXtLstm(state, plan.quirks)
    except ModelMismatch as error:
        raise ModelMismatch(f"{path}: {error}") from error
    out.mkdir(parents=True, exist_ok=True)
    graph = out / f"{name}.onnx"
    export_onnx(model, graph, SIDE_PX)
    card = _card(path, graph, frames, claim, plan.quirks)
    write_card(card)
    return card


def _card(source: Path, graph: Path, frames: int, claim: Claim, quirks: Quirks) -> ModelCard:
    flipped = quirks.channels == "bgr"
    return ModelCard(
        path=graph.with_suffix(".json"),
        name=graph.stem,
        version="imported",
        file=graph.name,
        sha256=sha256_of_graph(graph),
        architecture=_architecture(quirks),
        input=InputSpec(SIDE_PX, MEAN[::-1] if flipped else MEAN, STD[::-1] if flipped else STD),
        crop=CROP,
        sampling=BurstSampling(STEP_S, frames),
        positive_class="fake",
        calibration=UNFITTED,
        thresholds=Thresholds(fake=0.5, real=0.5),
        metrics=_metrics(claim),
        trained_on="Not known to facetell: ask whoever made the checkpoint.",
        terms="Those of the checkpoint and of the data that it was trained on: ask its makers.",
        limits=_limits(frames),
        made=f"facetell {__version__} import, from {source.name}, "
        f"SHA-256 {sha256_of_graph(source)}",
    )


def _architecture(quirks: Quirks) -> str:
    pool = {"mean": "the mean over the frames", "last": "the last frame alone"}[quirks.frame_pool]
    colours = {"bgr": "blue, green, red", "rgb": "red, green, blue"}[quirks.channels]
    return (
        f"ResNeXt-50 32x4d at {SIDE_PX} px and an LSTM (2048) without biases that takes one step a "
        f"frame from a zero state and so has no time axis; {pool} decides; class "
        f"{quirks.fake_index} of 2 is fake; colours enter as {colours}"
    )


def _metrics(claim: Claim) -> tuple[Metric, ...]:
    if claim.accuracy is None:
        return ()
    on = "unknown data: its file name says so, facetell did not measure it"
    return (Metric("accuracy (claimed)", claim.accuracy, None, None, None, on),)


_UNKNOWN = (
    "Its error rates are unknown, and it was never calibrated: p(fake) is the network's own "
    "number, fake from 0.5. How many faces were looked at is corrected for by a guess."
)
_BOXES = (
    "It was made for the box of face_recognition without a margin. CenterFace's box is scaled to "
    "it by what was measured on 99 faces; single boxes are 12 % smaller to 18 % larger than that "
    "(5 to 95 %), so expect other scores than in its own application."
)
_FILTERS = (
    "Its own application shrinks crops by other filters, and where it finds no face it takes the "
    "whole picture, which facetell never does."
)


def _limits(frames: int) -> tuple[str, ...]:
    sampled = (
        f"Its own application takes the first {frames} frames. facetell takes bursts of {frames} "
        f"neighbouring frames (1/30 s apart) spread over the video: --frames {frames} gives one "
        "burst, from the middle."
    )
    return _UNKNOWN, _BOXES, sampled, _FILTERS


def import_main(arguments: Sequence[str]) -> int:
    """Answer `facetell import`."""
    parser = argparse.ArgumentParser(
        "facetell import",
        allow_abbrev=False,
        description="Converts a checkpoint (state dict) of a ResNeXt + LSTM project to a graph and "
        "a card for `facetell scan --model DIR/NAME.json`. No code in the file is run.",
    )
    parser.add_argument("checkpoint", type=Path, metavar="FILE", help="the .pt or .pth file")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--name", default="", help="of the model; by default the file's")
    parser.add_argument("--frames", type=int, metavar="N", help="of a clip, if the name lacks it")
    parser.add_argument(
        "--frame-pool",
        choices=FRAME_POOLS,
        default=Quirks().frame_pool,
        help="mean of the frames, as in training, or the last one, as in the web applications",
    )
    parser.add_argument(
        "--fake-is", type=int, choices=(0, 1), default=Quirks().fake_index, help="the fake class"
    )
    parser.add_argument(
        "--channels",
        choices=CHANNEL_ORDERS,
        default=Quirks().channels,
        help="order of colours that it was trained with: OpenCV's bgr unless its code converts",
    )
    chosen = parser.parse_args(arguments)
    quirks = Quirks(chosen.frame_pool, chosen.fake_is, chosen.channels)
    plan = ImportPlan(chosen.name, chosen.frames, quirks)
    card = import_checkpoint(chosen.checkpoint, chosen.output, plan)
    print(f"{card.path}: fake from p(fake) 0.50; its error rates are unknown, measure them first")
    print(f"use it: facetell scan VIDEO --model {card.path} --frames {card.sampling.burst_frames}")
    return 0
