"""Graphs on ONNX Runtime: the default; on the CPU, or on a GPU where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from facetell.errors import ModelError
from facetell.runtime.session import Arrays, TensorSpec, joined_graph

# ONNX Runtime has no common base class for its errors.
_FAILURES: tuple[type[Exception], ...] = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    ValueError,  # by its Python layer, for a missing input
)

_DTYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(int64)": np.int64}
_ERRORS_ONLY = 3
_CPU, _GPU = "CPUExecutionProvider", "CUDAExecutionProvider"


class OrtSession:
    """One graph with its own pool of threads."""

    def __init__(
        self, path: Path, addition: Path | None = None, *, threads: int, gpu: bool = False
    ) -> None:
        if gpu and _GPU not in onnxruntime.get_available_providers():
            raise ModelError(f"{path}: this ONNX Runtime has no CUDA; pip install onnxruntime-gpu")
        options = onnxruntime.SessionOptions()
        # Set by number: when ONNX Runtime counts cores itself it ignores a container's limit.
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that wait would spin, and take the cores from the decoder and the other session.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = onnxruntime.InferenceSession(
                joined_graph(path, addition) if addition else str(path),
                options,
                providers=[_GPU, _CPU] if gpu else [_CPU],
            )
        except _FAILURES as error:
            raise ModelError(f"{path}: ONNX Runtime cannot load it: {error}") from error
        self._path = path
        self.inputs = _specs(self._session.get_inputs())
        self.outputs = _specs(self._session.get_outputs())

    def run(self, arrays: Arrays) -> Arrays:
        """Feed all inputs by name and return all outputs by name."""
        names = list(self.outputs)
        try:
            found = self._session.run(names, arrays)
        except _FAILURES as error:
            raise ModelError(f"{self._path}: ONNX Runtime failed: {error}") from error
        return dict(zip(names, found, strict=True))


def _specs(nodes: Sequence[Any]) -> Mapping[str, TensorSpec]:
    return {node.name: TensorSpec(_shape(node.shape), _dtype(node.type)) for node in nodes}


def _shape(dimensions: Sequence[int | str | None]) -> tuple[int | None, ...]:
    return tuple(d if isinstance(d, int) else None for d in dimensions)


def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(_DTYPES.get(name, np.object_))
