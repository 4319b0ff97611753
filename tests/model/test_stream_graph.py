"""Every temporal head runs as a stream on each runtime, and says what it says of the whole clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's exporter warns of itself

import torch  # noqa: E402

from facetell.errors import ModelMismatch  # noqa: E402
from facetell.model.detector import Detector  # noqa: E402
from facetell.model.export import export_onnx, store_as_float16  # noqa: E402
from facetell.model.stream_graph import write_stream_graph  # noqa: E402
from facetell.model.temporal import TEMPORAL_HEADS  # noqa: E402
from facetell.stream import StreamScorer  # noqa: E402
from facetell.train.cards import sha256_of_graph  # noqa: E402
from facetell.train.stream_addition import add_stream  # noqa: E402
from facetell.weights import ModelCard, find  # noqa: E402
from tests.tiny_model import write_model  # noqa: E402
from tests.train.tiny_encoder import NAME, add_tiny_encoder  # noqa: E402

SIDE = 32


def card_of(temporal: str, folder: Path) -> ModelCard:
    torch.manual_seed(0)
    model = Detector(NAME, hidden=64, dropout=0.0, temporal=temporal)
    for parameter in model.temporal.parameters():  # the weighting head begins with equal weights
        torch.nn.init.normal_(parameter, std=0.3)
    card = find(write_model(folder))
    export_onnx(model, folder / "whole.onnx", SIDE)
    store_as_float16(folder / "whole.onnx", card.graph_path)
    return replace(card, sha256=sha256_of_graph(card.graph_path))


@pytest.mark.parametrize("temporal", sorted(TEMPORAL_HEADS))
def test_every_head_runs_as_a_stream(
    temporal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tiny_encoder(monkeypatch)
    card, difference = add_stream(card_of(temporal, tmp_path))
    assert difference < 1e-5
    assert find(card.path) == card
    states = len(StreamScorer(card).begin().network)
    assert states == {"lstm": 2, "lstm_weighting": 2, "gru": 1}.get(temporal, 0)


def test_openvino_runs_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    add_tiny_encoder(monkeypatch)
    card, _ = add_stream(card_of("lstm", tmp_path))
    crops = torch.randint(0, 256, (3, SIDE, SIDE, 3), dtype=torch.uint8).numpy()
    logits = []
    for scorer in (StreamScorer(card), StreamScorer(card, runtime="openvino")):
        state = scorer.begin()
        for frame in range(3):
            (score,) = scorer.step(crops[[frame]], [state])
            state = score.state
        logits.append(score.logit)
    assert logits[0] == pytest.approx(logits[1], abs=1e-4)


def test_a_head_that_looks_ahead_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tiny_encoder(monkeypatch)
    model = Detector(NAME, hidden=8, dropout=0.0)
    model.temporal.recurrent = torch.nn.LSTM(8, 4, batch_first=True, bidirectional=True)
    export_onnx(model, tmp_path / "model.onnx", SIDE)
    with pytest.raises(ModelMismatch, match="looks ahead"):
        write_stream_graph(tmp_path / "model.onnx", tmp_path / "model.stream")
