from __future__ import annotations

import builtins
import ctypes
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facetell.errors import MissingDependency, ModelError, ModelNotFound
from facetell.options import Runtime
from facetell.runtime import RUNTIMES, available_cores, open_session
from tests.tiny_model import GAIN, GRID, SIDE_PX, make_graph

pytestmark = pytest.mark.parametrize(
    "runtime",
    [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                name == "openvino" and importlib.util.find_spec("openvino") is None,
                reason="OpenVINO is not installed",
            ),
        )
        for name in RUNTIMES
    ],
)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.onnx"
    path.write_bytes(make_graph().SerializeToString())
    return path


def red(batch: int, frames: int) -> dict[str, Any]:
    pixels = np.zeros((batch, frames, 3, SIDE_PX, SIDE_PX), np.uint8)
    pixels[:, :, 0] = 255
    return {"pixels": pixels, "mask": np.ones((batch, frames), np.float32)}


def test_it_describes_inputs_and_outputs(graph: Path, runtime: Runtime) -> None:
    session = open_session(graph, threads=1, runtime=runtime)
    assert session.inputs["pixels"].shape == (None, None, 3, SIDE_PX, SIDE_PX)
    assert session.inputs["pixels"].dtype == np.uint8
    assert session.inputs["mask"].dtype == np.float32
    assert set(session.outputs) >= {"clip_logit", "frame_logits", "activation_maps", "features"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sigaltstack as Linux has it")
def test_it_leaves_the_stack_that_signals_are_handled_on(graph: Path, runtime: Runtime) -> None:
    def stack() -> tuple[int | None, int, int]:
        found = (ctypes.c_size_t * 3)()  # stack_t: base, flags (padded), size
        ctypes.CDLL(None).sigaltstack(None, found)
        return found[0], found[1] & 0xFFFFFFFF, found[2]

    before = stack()
    session = open_session(graph, threads=1, runtime=runtime)
    session.run(red(1, 1))
    assert stack() == before


def test_it_runs_any_batch_and_length(graph: Path, runtime: Runtime) -> None:
    session = open_session(graph, threads=1, runtime=runtime)
    for batch, frames in ((1, 1), (3, 5), (2, 1)):
        answers = session.run(red(batch, frames))
        np.testing.assert_allclose(answers["clip_logit"], np.full(batch, GAIN), rtol=1e-5)
        assert answers["activation_maps"].shape == (batch, frames, GRID, GRID)


def test_it_keeps_a_session_until_its_file_changes(graph: Path, runtime: Runtime) -> None:
    first = open_session(graph, threads=1, runtime=runtime)
    assert open_session(graph, threads=1, runtime=runtime) is first
    assert open_session(graph, threads=2, runtime=runtime) is not first
    os.utime(graph, ns=(1, 1))
    assert open_session(graph, threads=1, runtime=runtime) is not first


def test_it_says_which_file_is_missing(tmp_path: Path, runtime: Runtime) -> None:
    with pytest.raises(ModelNotFound, match=r"no\.onnx"):
        open_session(tmp_path / "no.onnx", runtime=runtime)


@pytest.mark.parametrize("content", [b"", b"not a graph"])
def test_it_says_which_file_is_no_graph(tmp_path: Path, runtime: Runtime, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken.onnx: .*export it"):
        open_session(path, runtime=runtime)


def test_it_turns_wrong_inputs_into_its_own_error(graph: Path, runtime: Runtime) -> None:
    session = open_session(graph, threads=1, runtime=runtime)
    wrong = red(1, 2)
    wrong["pixels"] = wrong["pixels"][..., :16]
    with pytest.raises(ModelError, match=r"tiny.onnx: .* failed"):
        session.run(wrong)
    with pytest.raises(ModelError, match="failed"):
        session.run({"pixels": red(1, 1)["pixels"]})


def test_it_counts_only_cores_that_it_may_use(runtime: Runtime) -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


def test_it_says_how_to_get_a_runtime_that_is_absent(
    graph: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import = builtins.__import__

    def without_openvino(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "openvino":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_openvino)
    with pytest.raises(MissingDependency, match=r"pip install 'facetell\[openvino\]'"):
        open_session(graph, threads=7, runtime="openvino")
