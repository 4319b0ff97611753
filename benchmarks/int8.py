"""Try a model's encoder in int8, and apply the gate: may it ship instead of the float16 file?

    python benchmarks/int8.py DATA OUT [--model CARD] [--split validation] [--frames 32]

Convolutions are quantised to U8S8, per channel, calibrated on the faces of the training clips in
DATA (labels.csv and the videos); the heads stay float32. OUT gets the graph
and a card. Both models then run over the split, and printed are their AUCs, every verdict that
flips and the largest change of a probability. It may ship if no verdict flips, no probability
moves by more than 0.05 and the AUC falls by at most 0.005.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from facetell import FacetellError, Options
from facetell.clips import crop_face
from facetell.evaluation.answers import Outcome, Trial
from facetell.evaluation.comparison import compare, told
from facetell.evaluation.measures import scored
from facetell.evaluation.trials import run_trials
from facetell.faces import load_detector
from facetell.train.layouts import read_source
from facetell.train.metrics import auc
from facetell.video import Sampling, open_video
from facetell.weights import ModelCard, find

CALIBRATION_FACES = 120
MOST_MOVED, MOST_AUC_LOST = 0.05, 0.005


class Faces(CalibrationDataReader):  # type: ignore[misc]
    """Feeds one face crop at a time, as a clip of one frame."""

    def __init__(self, crops: list[npt.NDArray[np.uint8]]) -> None:
        self._crops = iter(crops)

    def get_next(self) -> dict[str, npt.NDArray[np.generic]] | None:
        """Return the next crop, or None after the last."""
        crop = next(self._crops, None)
        if crop is None:
            return None
        pixels = np.ascontiguousarray(crop.transpose(2, 0, 1))[None, None]
        return {"pixels": pixels, "mask": np.ones((1, 1), np.float32)}


def training_faces(data: Path, card: ModelCard) -> list[npt.NDArray[np.uint8]]:
    """Cut a face out of the first frames of the training clips."""
    detector, crops = load_detector(), []
    with (data / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    for row in rows[:CALIBRATION_FACES]:
        try:
            with open_video(data / row["path"]) as video:
                frame = next(iter(video.frames(Sampling(1))))
        except FacetellError as error:
            print(f"left out: {error}")
            continue
        crops += [crop_face(frame.rgb, f.box_xyxy, card.crop) for f in detector.detect(frame.rgb)]
    return crops


def quantise(card: ModelCard, crops: list[npt.NDArray[np.uint8]], out: Path) -> Path:
    """Write the int8 graph and its card; return the card's path."""
    out.mkdir(parents=True, exist_ok=True)
    prepared, graph = out / "prepared.onnx", out / "int8.onnx"
    quant_pre_process(card.graph_path, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        graph,
        Faces(crops),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    prepared.unlink()
    record = json.loads(card.path.read_text(encoding="utf-8"))
    digest = hashlib.sha256(graph.read_bytes()).hexdigest()
    record |= {"name": "int8", "file": graph.name, "sha256": digest}
    path = out / "int8.json"
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")
    return path


def passes(before: list[Outcome], after: list[Outcome]) -> bool:
    """Print how two runs over the same files differ; return whether the gate is passed."""
    rows = scored(before), scored(after)
    moved = np.abs(rows[0].p_fake - rows[1].p_fake)
    comparison = compare(before, after)
    print("\n".join(told(comparison)))
    print(f"probabilities move by {moved.max():.3f} at most, {np.median(moved):.3f} in the median")
    lost = auc(rows[0].is_fake, rows[0].p_fake) - auc(rows[1].is_fake, rows[1].p_fake)
    return not comparison.flips and float(moved.max()) <= MOST_MOVED and lost <= MOST_AUC_LOST


def main() -> None:
    """Parse, quantise, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("data", type=Path, help="folder with labels.csv")
    parser.add_argument("out", type=Path, help="folder for the graph and its card")
    parser.add_argument("--model", default="default")
    parser.add_argument("--split", default="validation", help="as in labels.csv")
    parser.add_argument("--frames", type=int, default=Options().frames)
    chosen = parser.parse_args()
    card = find(chosen.model)
    path = quantise(card, training_faces(chosen.data, card), chosen.out)
    _, tree, listing = read_source(chosen.data)
    media = [m for m in listing.media if m.part == chosen.split]
    trials = [Trial(Options(frames=chosen.frames, model=str(m))) for m in (card.path, path)]
    found = run_trials(media, tree, trials, chosen.out, workers=2)
    sizes = [p.stat().st_size / 1e6 for p in (card.graph_path, path.with_suffix(".onnx"))]
    print(f"files: {sizes[0]:.1f} MB before, {sizes[1]:.1f} MB in int8")
    print(
        "passed: it may ship"
        if passes(found[trials[0]], found[trials[1]])
        else "failed: it may not ship"
    )


if __name__ == "__main__":
    main()
