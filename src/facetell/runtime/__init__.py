"""Run a graph: numpy in, numpy out. ONNX Runtime by default, OpenVINO as an extra."""

from facetell.options import RUNTIMES
from facetell.runtime.session import Session, TensorSpec, available_cores, open_session

__all__ = ["RUNTIMES", "Session", "TensorSpec", "available_cores", "open_session"]
