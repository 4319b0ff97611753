"""What every runtime offers, and the one place where sessions are opened and kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from facetell.errors import ModelNotFound
from facetell.options import Runtime
from facetell.runtime.graph import require_plain_graph

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output of a graph; None is a dimension of any size."""

    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]


class Session(Protocol):
    """A graph that is ready to run; safe to call from several threads."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    def run(self, arrays: Arrays) -> Arrays:
        """Feed all inputs by name and return all outputs by name.

        Raises:
            ModelError: the graph fails on these arrays.
        """
        ...


def available_cores() -> int:
    """Return how many cores this process may use, which a container can make fewer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_session(
    path: Path,
    threads: int = 0,
    runtime: Runtime = "onnxruntime",
    addition: Path | None = None,
    gpu: bool = False,
) -> Session:
    """Load a graph, or return it if it is loaded and its file has not changed since.

    Args:
        path: an ONNX file.
        threads: threads of one run; 0 takes all cores that this process may use.
        runtime: "onnxruntime", or "openvino" with the extra of that name.
        addition: nodes, inputs and outputs that are added to the graph, as
            `facetell.model.stream_graph` writes them.
        gpu: run it on an NVIDIA GPU, which takes ONNX Runtime's own build for that.

    Raises:
        ModelNotFound: there is no such file.
        ModelMismatch: it has what is not let in, such as weights in other files.
        ModelError: the runtime cannot load it.
        MissingDependency: the runtime is not installed.
    """
    files = tuple(file.resolve() for file in (path, addition) if file)
    states = tuple(_state(file) for file in files)
    return _open(files, states, threads or available_cores(), runtime, gpu)


def joined_graph(path: Path, addition: Path) -> bytes:
    """Return a graph with an addition to it.

    Two messages of Protocol Buffers one after the other are read as one whose lists are joined:
    the graph's nodes, inputs and outputs, then those of the addition.

    Raises:
        ModelNotFound: either cannot be read.
    """
    try:
        return path.read_bytes() + addition.read_bytes()
    except OSError as error:
        raise ModelNotFound(f"{error.filename}: {error.strerror}") from error


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise ModelNotFound(f"{path}: {error.strerror}") from error
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=8)
def _open(
    files: tuple[Path, ...],
    states: tuple[tuple[int, int], ...],
    threads: int,
    runtime: Runtime,
    gpu: bool,
) -> Session:
    del states  # only part of the key, so that a file that was replaced is loaded again
    for file in files:
        require_plain_graph(file)
    if runtime == "openvino":
        from facetell.runtime.ov import OpenVinoSession

        return OpenVinoSession(*files, threads=threads)
    from facetell.runtime.ort import OrtSession

    return OrtSession(*files, threads=threads, gpu=gpu)
