from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's exporter warns of itself

import torch  # noqa: E402

from facetell.model.detector import Detector  # noqa: E402
from facetell.model.encoders import ENCODERS  # noqa: E402
from facetell.model.export import OUTPUTS, export_onnx, parity, store_as_float16  # noqa: E402
from facetell.model.vit import VisionTransformer  # noqa: E402


def test_the_graph_agrees_with_torch_and_halves_in_float16(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Detector("efficientnet_lite0", hidden=16, dropout=0.0)
    whole, half = tmp_path / "whole.onnx", tmp_path / "half.onnx"
    assert export_onnx(model, whole, side_px=64) < 1e-4
    store_as_float16(whole, half)
    assert parity(model, half, 64) < 0.05
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    session = onnxruntime.InferenceSession(half, providers=["CPUExecutionProvider"])
    pixels = np.zeros((4, 7, 3, 64, 64), np.uint8)
    inputs = {"pixels": pixels, "mask": np.ones((4, 7), np.float32)}
    shapes = [o.shape for o in session.run(OUTPUTS, inputs)]
    assert shapes == [(4,), (4, 7), (4, 7, 2, 2), (4, 7, 1280)]


@pytest.mark.parametrize("temporal", ["gru", "attention", "lstm_weighting", "mean"])
def test_every_temporal_head_agrees_with_torch(temporal: str, tmp_path: Path) -> None:
    model = Detector("efficientnet_lite0", hidden=8, dropout=0.0, temporal=temporal)
    assert export_onnx(model, tmp_path / "model.onnx", side_px=32) < 1e-4


def test_a_vision_transformer_agrees_with_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENCODERS, "tiny_vit", lambda: VisionTransformer(24, depth=2, heads=3))
    model = Detector("tiny_vit", hidden=8, dropout=0.0)
    assert export_onnx(model, tmp_path / "model.onnx", side_px=64) < 1e-4
