"""A trained detector → ONNX graph, checked against torch, weights stored as float16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from facetell.errors import ModelMismatch

OPSET = 17
TOLERANCE = 1e-4
AXES = ("clips", "frames")
"""Names of the two sizes that a graph leaves open."""
INPUTS = ["pixels", "mask"]
OUTPUTS = ["clip_logit", "frame_logits", "activation_maps", "features"]
SMALL = 1024
"""Tensors with fewer numbers stay float32: biases are cheap, and rounding them is not."""


def export_onnx(model: nn.Module, path: Path, side_px: int) -> float:
    """Write a detector as ONNX, float32, and compare it with torch.

    Args:
        model: a `Detector`, or a module that takes and gives what it does.
        path: where the graph goes.
        side_px: input side.

    Returns:
        The largest difference of any logit over clips of several lengths.

    Raises:
        ModelMismatch: it is above 1e-4.
    """
    model = model.eval().float()
    pixels = torch.zeros(2, 3, 3, side_px, side_px, dtype=torch.uint8)
    names = dict(enumerate(AXES))
    with torch.no_grad():
        torch.onnx.export(
            model,
            (pixels, torch.ones(2, 3)),
            str(path),
            input_names=INPUTS,
            output_names=OUTPUTS,
            dynamic_axes=dict.fromkeys((*INPUTS, *OUTPUTS[1:]), names) | {OUTPUTS[0]: {0: AXES[0]}},
            opset_version=OPSET,
            dynamo=False,  # the newer exporter fixes the LSTM's length
        )
    difference = parity(model, path, side_px)
    if difference > TOLERANCE:
        raise ModelMismatch(f"{path}: differs from torch by {difference:.1e}, above {TOLERANCE}")
    return difference


def parity(model: nn.Module, path: Path, side_px: int) -> float:
    """Return the largest difference of logits between torch and a graph."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for batch, time in ((1, 1), (2, 3), (3, 6)):
        pixels = rng.integers(0, 256, (batch, time, 3, side_px, side_px), np.uint8)
        mask = np.ones((batch, time), np.float32)
        mask[-1, time // 2 + 1 :] = 0
        with torch.no_grad():
            expected = model(torch.from_numpy(pixels), torch.from_numpy(mask))
        found = session.run(OUTPUTS, {"pixels": pixels, "mask": mask})
        pairs = list(zip(expected, found, strict=True))[:2]
        worst = max(worst, *(float(np.abs(e.numpy() - f).max()) for e, f in pairs))
    return worst


def store_as_float16(source: Path, target: Path) -> None:
    """Write a graph with its large weights as float16, cast back when it is loaded.

    The arithmetic stays float32: only the file gets half as big.
    """
    graph = onnx.load(source)
    casts, kept = [], []
    for tensor in graph.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < SMALL:
            kept.append(tensor)
            continue
        stored = f"{tensor.name}_float16"
        kept.append(numpy_helper.from_array(_as_float16(values), stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
    del graph.graph.initializer[:]
    graph.graph.initializer.extend(kept)
    nodes = [*casts, *graph.graph.node]
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    onnx.checker.check_model(graph)
    onnx.save(graph, target)


def _as_float16(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    limit = float(np.finfo(np.float16).max)
    return np.clip(values, -limit, limit).astype(np.float16)
