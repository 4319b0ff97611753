"""Graphs on OpenVINO, on the CPU, in float32: the extra `openvino`.

Float32 is asked for: by itself OpenVINO takes bfloat16 where the processor has it, which moves
scores by more than the parity that the tests demand.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from facetell.errors import MissingDependency, ModelError
from facetell.runtime.session import Arrays, TensorSpec, joined_graph


class OpenVinoSession:
    """One compiled graph; each call has its own inference request."""

    def __init__(self, path: Path, addition: Path | None = None, *, threads: int) -> None:
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        core = _openvino().Core()
        try:
            graph = core.read_model(joined_graph(path, addition)) if addition else str(path)
            with _own_signal_stack():
                self._graph = core.compile_model(graph, "CPU", settings)
        except RuntimeError as error:
            raise ModelError(f"{path}: OpenVINO cannot load it: {error}") from error
        self._path = path
        # A tensor has one name for each node that it went through unchanged; an input's own name
        # is its node's.
        self.inputs: Mapping[str, TensorSpec] = {
            port.node.friendly_name: _spec(port) for port in self._graph.inputs
        }
        self.outputs: Mapping[str, TensorSpec] = {
            name: _spec(port) for port in self._graph.outputs for name in port.names
        }

    def run(self, arrays: Arrays) -> Arrays:
        """Feed all inputs by name and return all outputs by name."""
        self._check_shapes(arrays)
        try:
            found = self._graph.create_infer_request().infer(arrays)
        except RuntimeError as error:
            raise ModelError(f"{self._path}: OpenVINO failed: {error}") from error
        return {name: found[name] for name in self.outputs}

    def _check_shapes(self, arrays: Arrays) -> None:
        # OpenVINO itself takes a smaller array than its graph was made for
        for name, spec in self.inputs.items():
            found = arrays[name].shape if name in arrays else None
            if found is None or not _fits(found, spec.shape):
                raise ModelError(
                    f"{self._path}: OpenVINO failed: {name} is {found}, expected {spec.shape}"
                )


class _SignalStack(ctypes.Structure):
    """Linux's `stack_t`."""

    _fields_ = (("base", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextmanager
def _own_signal_stack() -> Iterator[None]:
    """Give the thread back the signal stack that it had.

    Where the processor has AMX, OpenVINO puts in one of the least size that the kernel allows.
    Python runs its signal handlers there, finds no room and dies: at Ctrl-C, for example.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    sigaltstack = ctypes.CDLL(None).sigaltstack
    before = _SignalStack()
    sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        sigaltstack(ctypes.byref(before), None)


def _openvino() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise MissingDependency("OpenVINO is not here: pip install 'facetell[openvino]'") from error
    return openvino


def _spec(port: Any) -> TensorSpec:
    shape = tuple(d.get_length() if d.is_static else None for d in port.partial_shape)
    return TensorSpec(shape, port.element_type.to_dtype())


def _fits(found: Sequence[int], expected: Sequence[int | None]) -> bool:
    return len(found) == len(expected) and all(
        size in (None, actual) for actual, size in zip(found, expected, strict=True)
    )
