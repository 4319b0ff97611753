"""Try a model's encoder in int8, and apply the gate: may it ship instead of the float16 file?

    python benchmarks/int8.py DATA OUT [--model CARD] [--split validation] [--frames 32]

Convolutions are quantised to U8S8, per channel, calibrated on the faces of the training clips in
DATA (labels.csv and the videos, as for validation.py); the heads stay float32. OUT gets the graph
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
from validation import Scored, score

from facetell import Analyzer, FacetellError, Options
from facetell.clips import crop_face
from facetell.faces import load_detector
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


def compare(before: list[Scored], after: list[Scored]) -> bool:
    """Print how two runs over the same videos differ; return whether the gate is passed."""
    moved = [abs(a.p_fake - b.p_fake) for a, b in zip(after, before, strict=True)]
    flipped = [b.path for a, b in zip(after, before, strict=True) if a.label != b.label]
    aucs = [auc(np.array([s.is_fake for s in x]), np.array([s.p_fake for s in x]))
            for x in (before, after)]  # fmt: skip
    print(f"video AUC {aucs[0]:.4f} before, {aucs[1]:.4f} in int8")
    print(f"probabilities move by {max(moved):.3f} at most, {np.median(moved):.3f} in the median")
    print(f"{len(flipped)} of {len(before)} verdicts flip: {', '.join(flipped) or 'none'}")
    return not flipped and max(moved) <= MOST_MOVED and aucs[0] - aucs[1] <= MOST_AUC_LOST


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
    runs = [
        score(chosen.data, chosen.split, Analyzer(Options(frames=chosen.frames, model=str(model))))
        for model in (card.path, path)
    ]
    sizes = [p.stat().st_size / 1e6 for p in (card.graph_path, path.with_suffix(".onnx"))]
    print(f"files: {sizes[0]:.1f} MB before, {sizes[1]:.1f} MB in int8")
    print("passed: it may ship" if compare(*runs) else "failed: it may not ship")


if __name__ == "__main__":
    main()
