"""An exported graph → its int8 variant, and its variant of one fixed shape."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from facetell.model.export import AXES

Crop = npt.NDArray[np.uint8]


class _Faces(CalibrationDataReader):
    """Feeds one crop (S, S, 3) at a time, as a clip of one frame."""

    def __init__(self, crops: Iterable[Crop]) -> None:
        self._crops = iter(crops)

    def get_next(self) -> dict[str, npt.NDArray[np.generic]] | None:
        crop = next(self._crops, None)
        if crop is None:
            return None
        pixels = np.ascontiguousarray(crop.transpose(2, 0, 1))[None, None]
        return {"pixels": pixels, "mask": np.ones((1, 1), np.float32)}


def quantise(source: Path, target: Path, crops: Iterable[Crop]) -> None:
    """Write a graph with its convolutions in int8; the heads stay float32.

    Weights are signed and scaled per channel, activations unsigned (U8S8), scaled by what the
    crops make of them.

    Args:
        source: a float32 graph.
        target: the graph to write.
        crops: faces as the model sees them, RGB (S, S, 3).
    """
    prepared = target.with_suffix(".prepared.onnx")
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        target,
        _Faces(crops),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    prepared.unlink()


def fix_shape(source: Path, target: Path, frames: int) -> None:
    """Write a graph that takes one clip of so many frames and nothing else: for small boards."""
    graph = onnx.load(source)
    sizes = dict(zip(AXES, (1, frames), strict=True))
    for tensor in (*graph.graph.input, *graph.graph.output):
        for dimension in tensor.type.tensor_type.shape.dim:
            if dimension.dim_param in sizes:
                dimension.dim_value = sizes[dimension.dim_param]
    onnx.checker.check_model(graph)
    onnx.save(graph, target)
