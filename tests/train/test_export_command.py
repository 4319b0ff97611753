from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's exporter warns of itself

import torch  # noqa: E402

from facetell.cli import main  # noqa: E402
from facetell.errors import ModelMismatch, UsageError  # noqa: E402
from facetell.model.detector import Detector  # noqa: E402
from facetell.runtime import open_session  # noqa: E402
from facetell.scorer import Scorer  # noqa: E402
from facetell.train.int8_gate import Judged, compare  # noqa: E402
from facetell.weights import find, verify  # noqa: E402
from tests.test_scorer import clip as clip_of_reds  # noqa: E402
from tests.train.made_store import make_store  # noqa: E402
from tests.train.tiny_encoder import NAME, add_tiny_encoder  # noqa: E402

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "src/facetell/data/samples"
SIDE = 32


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store, a recipe of a tiny model and its weights."""
    add_tiny_encoder(monkeypatch)
    make_store(tmp_path / "store")
    (tmp_path / "run.toml").write_text(
        f'store = "store"\nencoder = "{NAME}"\nhidden = 8\nside_px = {SIDE}\nmix = {{time = 4}}\n'
    )
    torch.manual_seed(0)
    model = Detector(NAME, 8, 0.0)
    torch.save({"averaged": model.state_dict()}, tmp_path / "best.pt")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*options: str) -> int:
    return main(["export", "run.toml", "best.pt", "out/mine.onnx", *options])


def test_graph_and_card_come_together_and_can_be_used(desk: Path) -> None:
    assert export("--terms", "Mine alone.") == 0
    card = find(desk / "out/mine.json")
    assert verify(card) == card.graph_path
    assert (card.name, card.terms, card.sampling.burst_frames) == ("mine", "Mine alone.", 4)
    assert card.crop.side_px == card.input.side_px == SIDE
    assert "made (" in card.trained_on
    assert " real, " in card.trained_on
    assert not card.calibration.fitted
    assert main(["scan", str(SAMPLES), "--model", "out/mine.json", "--frames", "4", "-q"]) == 0


def test_terms_fall_back_to_the_data_sets(desk: Path) -> None:
    assert export() == 0
    assert find(desk / "out/mine.json").terms.endswith("trained on: made.")


def test_weights_stored_as_float16_change_little(desk: Path) -> None:
    clips = {"pixels": np.random.default_rng(0).integers(0, 256, (1, 4, 3, SIDE, SIDE), np.uint8),
             "mask": np.ones((1, 4), np.float32)}  # fmt: skip
    logits = []
    for options in ((), ("--float32",)):
        assert export(*options) == 0
        logits.append(open_session(find(desk / "out/mine.json").graph_path).run(clips))
    assert np.allclose(logits[0]["clip_logit"], logits[1]["clip_logit"], atol=0.01)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_fixed_shape_scores_as_the_open_one(desk: Path, runtime: str) -> None:
    if runtime == "openvino":
        pytest.importorskip("openvino")
    clips = [clip_of_reds([40 * k for k in range(n)], side_px=SIDE) for n in (1, 3, 4)]
    assert export("--float32") == 0
    before = [s.logit for s in Scorer(find(desk / "out/mine.json")).score(clips)]
    assert export("--float32", "--static") == 0
    card = find(desk / "out/mine.json")
    scorer = Scorer(card, runtime=runtime, batch_clips=3)  # type: ignore[arg-type]
    assert scorer._session.inputs["pixels"].shape == (1, 4, 3, SIDE, SIDE)
    after = [s.logit for s in scorer.score(clips)]
    assert after == pytest.approx(before, abs=1e-4)
    with pytest.raises(ModelMismatch, match="clips of 4 frames, got 5"):
        list(scorer.score([clip_of_reds([9] * 5, side_px=SIDE)]))


def test_int8_ships_only_through_the_gate(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk / "media/real").mkdir(parents=True)
    (desk / "media/fake").mkdir()
    for label in ("real", "fake"):
        target = desk / f"media/{label}/clip.mp4"
        target.write_bytes((SAMPLES / f"astronaut_{label}.mp4").read_bytes())
    assert export("--int8", "--gate", "media") == 0
    told = capsys.readouterr().out
    card = find(desk / "out/mine.json")
    kinds = {node.op_type for node in onnx.load(verify(card)).graph.node}
    assert "int8 on 2 files" in told
    assert ("QuantizeLinear" in kinds) == ("passed" in told) == ("int8" in card.architecture)
    monkeypatch.setattr("facetell.train.int8_gate.MOST_MOVED", -1.0)
    assert export("--int8", "--gate", "media") == 0
    card = find(desk / "out/mine.json")
    kinds = {node.op_type for node in onnx.load(verify(card)).graph.node}
    assert "refused: int8 changes verdicts" in capsys.readouterr().out
    assert "QuantizeLinear" not in kinds
    assert "int8" not in card.architecture


def judged(*p_fakes: float) -> list[Judged]:
    return [
        Judged(f"{k}.mp4", k >= 2, "fake" if p >= 0.5 else "real", p) for k, p in enumerate(p_fakes)
    ]


@pytest.mark.parametrize(
    ("after", "passed"),
    [
        ((0.1, 0.2, 0.8, 0.9), True),
        ((0.14, 0.2, 0.8, 0.9), True),
        ((0.16, 0.2, 0.8, 0.9), False),  # moves by 0.06
        ((0.1, 0.2, 0.4, 0.9), False),  # flips
    ],
)
def test_the_gate_knows_what_may_change(after: tuple[float, ...], passed: bool) -> None:
    assert compare(judged(0.1, 0.2, 0.8, 0.9), judged(*after)).passed is passed


def test_the_gate_sees_auc_fall_though_nothing_flips() -> None:
    before, after = judged(0.30, 0.31, 0.32, 0.9), judged(0.30, 0.33, 0.31, 0.9)
    result = compare(before, after)
    assert result.flipped == ()
    assert (result.auc_before, result.auc_after) == (1.0, 0.75)
    assert not result.passed


def test_the_gate_needs_both_classes() -> None:
    with pytest.raises(UsageError, match="real and fake files"):
        compare(judged(0.1, 0.2), judged(0.1, 0.2))


@pytest.mark.parametrize("options", [("--int8",), ("--gate", "media")])
def test_int8_asks_for_media_to_compare_on(desk: Path, options: tuple[str, ...]) -> None:
    assert export(*options) == 2


def test_it_asks_for_a_graphs_name_and_a_checkpoint(desk: Path) -> None:
    assert main(["export", "run.toml", "best.pt", "mine.bin"]) == 2
    assert main(["export", "run.toml", "none.pt", "mine.onnx"]) == 3
