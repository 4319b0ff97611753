"""A real ONNX graph of a few kB with the classifier's inputs and outputs, and its card.

It calls red fake and blue real: the activation map is GAIN * (red - blue), averaged over a 4 by 4
grid, a frame's logit is the mean of its map, a clip's the mean over its frames that are there.
"""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE_PX = 32
GRID = 4
GAIN = 8.0

CARD: dict[str, Any] = {
    "name": "tiny",
    "version": "1",
    "file": "tiny.onnx",
    "sha256": "",
    "architecture": "red minus blue",
    "input": {"side_px": SIDE_PX, "mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]},
    "crop": {"detector": "centerface", "scale": 1.0, "shift_y": 0.0},
    "sampling": {"step_s": 0.1, "burst_frames": 5},
    "positive_class": "fake",
    "calibration": {"slope": 1.0, "intercept": 0.0, "real_mean": -3.0, "real_std": 1.0},
    "thresholds": {"fake": 0.7, "real": 0.3},
    "metrics": [{"name": "AUC", "value": 1.0, "low": 0.9, "high": 1.0, "n": 10, "on": "colours"}],
    "trained_on": "nothing",
    "terms": "none",
    "limits": ["It knows two colours."],
    "made": "by tests/tiny_model.py",
}


def card_with(**changes: Any) -> dict[str, Any]:
    """Return the card's JSON with some sections replaced or, by a dict, updated."""
    card = copy.deepcopy(CARD)
    for key, value in changes.items():
        update = isinstance(value, dict) and isinstance(card.get(key), dict)
        card[key] = card[key] | value if update else value
    return card


def write_model(
    folder: Path, side_px: int = SIDE_PX, graph: onnx.ModelProto | None = None, **changes: Any
) -> Path:
    """Write graph and card into a folder; return the card's path.

    Args:
        folder: where to; must exist.
        side_px: of the graph's input; the card says SIDE_PX unless changed.
        graph: another graph than the tiny one.
        **changes: sections of the card, as `card_with` takes them.
    """
    card = card_with(**changes)
    data = (graph or make_graph(side_px)).SerializeToString()
    (folder / "tiny.onnx").write_bytes(data)
    if not card["sha256"]:
        card["sha256"] = hashlib.sha256(data).hexdigest()
    path = folder / "tiny.json"
    path.write_text(json.dumps(card))
    return path


def make_graph(side_px: int = SIDE_PX, divide_by_zero: bool = False) -> onnx.ModelProto:
    """Build the graph; with `divide_by_zero` its clip logit is not a number."""
    cell = side_px // GRID
    nodes = [
        _node("Cast", ["pixels"], "floats", to=TensorProto.FLOAT),
        _node("Reshape", ["floats", "flat_shape"], "flat"),  # (B*T, 3, S, S)
        _node("AveragePool", ["flat"], "pooled", kernel_shape=[cell] * 2, strides=[cell] * 2),
        _node("Conv", ["pooled", "colour_weights"], "flat_maps"),  # (B*T, 1, G, G)
        _node("Shape", ["mask"], "frames_shape"),  # (B, T)
        _node("Concat", ["frames_shape", "grid_shape"], "maps_shape", axis=0),
        _node("Reshape", ["flat_maps", "maps_shape"], "activation_maps"),  # (B, T, G, G)
        _node("ReduceMean", ["activation_maps"], "frame_logits", axes=[2, 3], keepdims=0),
        _node("ReduceMean", ["pooled"], "colours", axes=[2, 3], keepdims=0),  # (B*T, 3)
        _node("Concat", ["frames_shape", "three"], "features_shape", axis=0),
        _node("Reshape", ["colours", "features_shape"], "features"),  # (B, T, 3)
        _node("Mul", ["frame_logits", "mask"], "present"),
        _node("ReduceSum", ["present", "axis_1"], "sum", keepdims=0),
        _node("Sub" if divide_by_zero else "Identity", *_mask_inputs(divide_by_zero)),
        _node("ReduceSum", ["counted", "axis_1"], "count", keepdims=0),
        _node("Div", ["sum", "count"], "clip_logit"),  # (B,)
    ]
    shape: list[str | int] = ["B", "T", 3, side_px, side_px]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("pixels", TensorProto.UINT8, shape),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["B", "T"]),
        ],
        [
            helper.make_tensor_value_info("clip_logit", TensorProto.FLOAT, ["B"]),
            helper.make_tensor_value_info("frame_logits", TensorProto.FLOAT, ["B", "T"]),
            helper.make_tensor_value_info(
                "activation_maps", TensorProto.FLOAT, ["B", "T", GRID, GRID]
            ),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["B", "T", 3]),
        ],
        _constants(side_px),
    )
    # Opset 17 and IR 8 are read by every version of ONNX Runtime that facetell allows.
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _mask_inputs(divide_by_zero: bool) -> tuple[list[str], str]:
    return (["mask", "mask"] if divide_by_zero else ["mask"]), "counted"


def _constants(side_px: int) -> list[onnx.TensorProto]:
    weights = np.array([1, 0, -1], np.float32).reshape(1, 3, 1, 1) * GAIN / 255
    arrays: dict[str, npt.NDArray[Any]] = {
        "flat_shape": np.array([-1, 3, side_px, side_px], np.int64),
        "grid_shape": np.array([GRID, GRID], np.int64),
        "three": np.array([3], np.int64),
        "axis_1": np.array([1], np.int64),
        "colour_weights": weights.astype(np.float32),
    }
    return [numpy_helper.from_array(array, name) for name, array in arrays.items()]


def _node(kind: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output], **attributes)
