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


def open_session(path: Path, threads: int = 0, runtime: Runtime = "onnxruntime") -> Session:
    """Load a graph, or return it if it is loaded and its file has not changed since.

    Args:
        path: an ONNX file.
        threads: threads of one run; 0 takes all cores that this process may use.
        runtime: "onnxruntime", or "openvino" with the extra of that name.

    Raises:
        ModelNotFound: there is no such file.
        ModelError: the runtime cannot load it.
        MissingDependency: the runtime is not installed.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise ModelNotFound(f"{path}: {error.strerror}") from error
    state = (status.st_mtime_ns, status.st_size)
    return _open(path.resolve(), state, threads or available_cores(), runtime)


@lru_cache(maxsize=8)
def _open(path: Path, state: tuple[int, int], threads: int, runtime: Runtime) -> Session:
    del state  # only part of the key, so that a file that was replaced is loaded again
    if runtime == "openvino":
        from facetell.runtime.ov import OpenVinoSession

        return OpenVinoSession(path, threads)
    from facetell.runtime.ort import OrtSession

    return OrtSession(path, threads)
