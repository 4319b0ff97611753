"""An ONNX file → nothing, or a refusal: a graph of plain arithmetic is let in, and no more.

Both runtimes read what a graph names: weights in other files, by any path, and operators that loop
without end or come from libraries. So the file is looked through before they see it, as far as
that takes: which operators, which files, how large. The layout is that of onnx.proto3 (ONNX 1.23),
the encoding that of Protocol Buffers; the package onnx is needed for neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facetell.errors import ModelMismatch, ModelNotFound

MOST_BYTES = 1 << 31
"""Protocol Buffers end there."""

OPERATORS = frozenset(
    name
    for line in (
        "Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast CastLike Ceil Celu Clip",
        "Concat Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos CumSum DepthToSpace",
        "DequantizeLinear Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand",
        "EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool",
        "GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish",
        "Identity InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less",
        "LessOrEqual Log LogSoftmax LpNormalization MatMul MatMulInteger Max MaxPool Mean Min",
        "Mish Mod Mul Neg Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear",
        "RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin",
        "ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize RMSNormalization Round",
        "ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Size Slice Softmax Softplus",
        "Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh Tile TopK Transpose Trilu",
        "Unsqueeze Where Xor",
    )
    for name in line.split()
)
"""Arithmetic on tensors: no loops and branches, no strings, no chance, no decoders of files."""

_DOMAINS = (b"", b"ai.onnx")

# Numbers of fields in onnx.proto3, by message.
_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OP_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS = 5, 10
_ATTRIBUTE_GRAPHS = frozenset({6, 11})
_ATTRIBUTE_SPARSE = frozenset({22, 23})
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


class _Refused(Exception):
    """Something in the graph is not let in; says what."""


def require_plain_graph(path: Path) -> None:
    """Check that a graph is one file of arithmetic.

    Raises:
        ModelNotFound: the file cannot be read.
        ModelMismatch: it is no ONNX file, too large, or has what is not let in.
    """
    try:
        _check_size(path)
        _check_model(memoryview(path.read_bytes()))
    except OSError as error:
        raise ModelNotFound(f"{path}: {error.strerror}") from error
    except (ValueError, IndexError):
        raise ModelMismatch(f"{path}: no ONNX graph that can be read; export it again") from None
    except _Refused as refused:
        raise ModelMismatch(f"{path}: {refused}; export it as one plain graph") from None


def _check_size(path: Path) -> None:
    if not 0 < path.stat().st_size <= MOST_BYTES:
        raise _Refused("is empty or larger than 2 GiB")


def _check_model(model: memoryview) -> None:
    for number, value in _fields(model):
        if number == _MODEL_FUNCTIONS:
            raise _Refused("defines functions of its own")
        if number == _MODEL_GRAPH:
            _check_graph(_message(value))


def _check_graph(graph: memoryview) -> None:
    for number, value in _fields(graph):
        if number == _GRAPH_NODE:
            _check_node(_message(value))
        elif number == _GRAPH_INITIALIZER:
            _check_tensor(_message(value))
        elif number == _GRAPH_SPARSE:
            raise _Refused("has sparse weights")


def _check_node(node: memoryview) -> None:
    for number, value in _fields(node):
        if number == _NODE_OP_TYPE and (name := _text(value)) not in OPERATORS:
            raise _Refused(f"uses the operator {name}, which is not among those that are let in")
        if number == _NODE_DOMAIN and bytes(_message(value)) not in _DOMAINS:
            raise _Refused(f"uses operators of {_text(value)}, which are not let in")
        if number == _NODE_ATTRIBUTE:
            _check_attribute(_message(value))


def _check_attribute(attribute: memoryview) -> None:
    for number, value in _fields(attribute):
        if number in _ATTRIBUTE_GRAPHS:
            raise _Refused("has a graph within a graph")
        if number in _ATTRIBUTE_SPARSE:
            raise _Refused("has sparse weights")
        if number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
            _check_tensor(_message(value))


def _check_tensor(tensor: memoryview) -> None:
    for number, value in _fields(tensor):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value):
            raise _Refused("keeps weights in another file")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number in the place of a message")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_message(value)[:80]).decode("ascii", "replace")


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the fields of a message: number, and its value; fixed numbers come as their bytes.

    Raises:
        ValueError, IndexError: this is no message.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, at = _varint(data, at)
        else:
            length = {_FIXED_64: 8, _FIXED_32: 4}.get(kind, len(data))
        if length > len(data) - at:
            raise ValueError("a field that is longer than its message, or of no kind")
        yield key >> 3, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return a number of 7 bits a byte, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise ValueError("a number of more than 64 bits")
