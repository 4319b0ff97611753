"""A detector's graph → the few nodes that let it run as a stream, its state carried along.

The graph itself scores a whole clip. What is written here is its temporal head once more, on the
same weights, with the recurrent network's state as an input and an output: a few kB that are added
to the graph when it is loaded (`facetell.stream`). So a graph that exists can run as a stream
unchanged, and one file of weights serves both.

Two facts make it exact. The recurrent networks look back only. And attention pooling is followed by
nothing but a linear layer, so that the clip's logit is the softmax-weighted mean of what the
head says of each frame with its state: a running sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import onnx
from onnx import NodeProto, TensorProto, helper

from facetell.errors import ModelMismatch

PREFIX = "stream/"
_CUT = ("features", "frame_logits", "mask")
_RECURRENT = {"LSTM": 2, "GRU": 1}
_FIRST_STATE = 5
"""ONNX's LSTM and GRU take their initial states from this input on."""


def write_stream_graph(graph_path: Path, target: Path) -> None:
    """Write the addition beside a graph that `facetell export` wrote.

    Raises:
        ModelMismatch: its temporal head is none that can run as a stream.
    """
    graph = onnx.load(graph_path).graph
    head = _head(graph.node)
    nodes = [_renamed(node, _made_by(head)) for node in head]
    states = _open_states(nodes, graph_path)
    attention = _attention(head)
    nodes += [
        helper.make_node("Identity", [f"{PREFIX}clip_logit"], ["stream_logit"]),
        attention,
    ]
    added = helper.make_graph(
        _needed(nodes, ["stream_logit", "attention", *(f"next_{name}" for name in states)]),
        "",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in states.items()],
        [
            helper.make_tensor_value_info("stream_logit", TensorProto.FLOAT, ["clips"]),
            helper.make_tensor_value_info("attention", TensorProto.FLOAT, ["clips", "frames"]),
            *(
                helper.make_tensor_value_info(f"next_{n}", TensorProto.FLOAT, s)
                for n, s in states.items()
            ),
        ],
    )
    added.ClearField("name")
    # Behind the graph's bytes, nodes, inputs and outputs of this one are appended to its own:
    # https://protobuf.dev/programming-guides/encoding/#last-one-wins
    target.write_bytes(onnx.ModelProto(graph=added).SerializeToString())


def _head(nodes: Iterable[NodeProto]) -> list[NodeProto]:
    """Return the nodes between the frames' features and the clip's logit, in their order."""
    nodes = list(nodes)
    after = set(_CUT)
    depends = []
    for node in nodes:
        if after & set(node.input) and not set(node.output) & set(_CUT):
            after |= set(node.output)
            depends.append(node)
    return _needed(depends, ["clip_logit"])


def _needed(nodes: Sequence[NodeProto], outputs: Sequence[str]) -> list[NodeProto]:
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    return kept[::-1]


def _made_by(nodes: Sequence[NodeProto]) -> set[str]:
    return {name for node in nodes for name in node.output if name}


def _renamed(node: NodeProto, made: set[str]) -> NodeProto:
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.name = PREFIX + node.name
    del copy.input[:], copy.output[:]
    copy.input.extend(PREFIX + name if name in made else name for name in node.input)
    copy.output.extend(PREFIX + name if name else name for name in node.output)
    return copy


def _open_states(nodes: Sequence[NodeProto], where: Path) -> dict[str, list[str | int]]:
    """Let the recurrent network begin with states from outside; return their names and shapes."""
    recurrent = [node for node in nodes if node.op_type in _RECURRENT]
    if not recurrent:
        return {}
    if len(recurrent) > 1:
        raise ModelMismatch(f"{where}: only one recurrent layer can run as a stream")
    (node,) = recurrent
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if "direction" in attributes and attributes["direction"].s != b"forward":
        raise ModelMismatch(f"{where}: its recurrent layer looks ahead; it cannot run as a stream")
    shape: list[str | int] = [1, "clips", attributes["hidden_size"].i]
    states: dict[str, list[str | int]] = {}
    for position in range(_RECURRENT[node.op_type]):
        name = f"state_{position}"
        node.input[_FIRST_STATE + position] = name
        node.output[1 + position] = f"next_{name}"
        states[name] = shape
    return states


def _attention(head: Sequence[NodeProto]) -> NodeProto:
    """Return a node that tells each frame's attention before softmax, 0 if all weigh the same."""
    for node in head:
        if node.op_type == "Softmax":
            return helper.make_node("Identity", [PREFIX + node.input[0]], ["attention"])
    return helper.make_node("Sub", ["mask", "mask"], ["attention"])
