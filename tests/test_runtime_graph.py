"""Graphs that read files, run for ever or bring code are refused before a runtime sees them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from facetell import weights
from facetell.errors import FacetellError, ModelMismatch, ModelNotFound
from facetell.runtime import open_session
from facetell.runtime.graph import OPERATORS, require_plain_graph
from tests.tiny_model import make_graph

Change = Callable[[onnx.ModelProto], None]


def written(path: Path, change: Change = lambda model: None) -> Path:
    model = make_graph()
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


def external(tensor: onnx.TensorProto, location: str) -> None:
    tensor.data_location = TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location


def weights_elsewhere(model: onnx.ModelProto) -> None:
    external(model.graph.initializer[0], "../../etc/passwd")


def constant_elsewhere(model: onnx.ModelProto) -> None:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32))
    external(tensor, "weights.bin")
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))


def endless_loop(model: onnx.ModelProto) -> None:
    body = helper.make_graph([helper.make_node("Identity", ["go"], ["on"])], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", "go"], [], body=body))


def hidden_graph(model: onnx.ModelProto) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Identity", ["pixels"], ["x"], body=body))


def own_operator(model: onnx.ModelProto) -> None:
    node = helper.make_node("Relu", ["pixels"], ["x"], domain="com.microsoft")
    model.graph.node.append(node)


def own_function(model: onnx.ModelProto) -> None:
    relu = helper.make_node("Relu", ["a"], ["b"])
    function = helper.make_function("local", "F", ["a"], ["b"], [relu], model.opset_import)
    model.functions.append(function)


def file_decoder(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("ImageDecoder", ["pixels"], ["x"]))


def sparse_weights(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add()


REFUSED: dict[Change, str] = {
    weights_elsewhere: "keeps weights in another file",
    constant_elsewhere: "keeps weights in another file",
    endless_loop: "uses the operator Loop|graph within a graph",
    hidden_graph: "a graph within a graph",
    own_operator: r"uses operators of com\.microsoft",
    own_function: "defines functions of its own",
    file_decoder: "uses the operator ImageDecoder",
    sparse_weights: "has sparse weights",
}


@pytest.mark.parametrize("change", REFUSED, ids=lambda change: change.__name__)
def test_it_refuses_more_than_arithmetic(tmp_path: Path, change: Change) -> None:
    path = written(tmp_path / "a.onnx", change)
    with pytest.raises(ModelMismatch, match=rf"a\.onnx: .*{REFUSED[change]}") as caught:
        open_session(path, threads=1)
    assert "export it" in str(caught.value)


def test_it_refuses_an_addition_that_is_more_than_arithmetic(tmp_path: Path) -> None:
    addition = onnx.ModelProto()
    file_decoder(addition)
    path = tmp_path / "more.onnx"
    path.write_bytes(addition.SerializeToString())
    with pytest.raises(ModelMismatch, match=r"more\.onnx: uses the operator ImageDecoder"):
        open_session(written(tmp_path / "a.onnx"), threads=1, addition=path)


@pytest.mark.parametrize("data", [b"", b"\x3a", b"\x3a\xff", b"\xff" * 20, b"\x38\x01", b"<html>"])
def test_it_refuses_what_is_no_graph(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelMismatch, match=r"a\.onnx"):
        require_plain_graph(path)


def test_it_refuses_a_graph_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    with path.open("wb") as file:
        file.truncate((1 << 31) + 1)  # takes no room on the disk
    with pytest.raises(ModelMismatch, match="larger than 2 GiB"):
        require_plain_graph(path)


def test_it_names_a_graph_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound):
        require_plain_graph(tmp_path / "a.onnx")


def test_it_reads_any_bytes_without_falling(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.onnx").read_bytes()
    chance, refused = random.Random(0), 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "b.onnx").write_bytes(data)
        try:
            require_plain_graph(tmp_path / "b.onnx")
        except FacetellError:
            refused += 1
    assert 20 < refused < 300


def test_it_lets_in_what_is_shipped() -> None:
    for card in weights.available():
        require_plain_graph(card.graph_path)


def test_it_knows_the_operators_that_it_names() -> None:
    known = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""}
    assert known >= OPERATORS
    assert not OPERATORS & {"If", "Loop", "Scan", "ImageDecoder", "StringConcat", "RandomNormal"}
