from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's exporter warns of itself

import torch  # noqa: E402

from facetell.cli import main  # noqa: E402
from facetell.clips import Clip  # noqa: E402
from facetell.errors import InputNotFound, ModelMismatch, UsageError  # noqa: E402
from facetell.model.resnext_lstm import Quirks, ResNeXtLstm, read_checkpoint  # noqa: E402
from facetell.pipeline import analyze  # noqa: E402
from facetell.pooling import p_fake_of  # noqa: E402
from facetell.scorer import Scorer  # noqa: E402
from facetell.train.checkpoint_import import (  # noqa: E402
    CROP,
    ImportPlan,
    import_checkpoint,
    read_claim,
)
from facetell.weights import find  # noqa: E402
from tests.model.old_project import OldModel, made_model, p_fake  # noqa: E402

NAME = "model_87_acc_20_frames_final_data.pt"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return dict(made_model().state_dict())


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, state: dict[str, torch.Tensor]) -> Path:
    """The card of an imported checkpoint."""
    folder = tmp_path_factory.mktemp("imported")
    torch.save(state, folder / NAME)
    assert main(["import", str(folder / NAME), "--output", str(folder / "out")]) == 0
    return folder / "out" / "model_87_acc_20_frames_final_data.json"


def crops(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Crops of unlike colours and patterns, (count, 3, 112, 112)."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (count, 3, 8, 8), np.uint8)
    return np.asarray(small.repeat(14, 2).repeat(14, 3), np.uint8)


def clip_of(pixels: npt.NDArray[np.uint8]) -> Clip:
    count = len(pixels)
    return Clip(
        track_id=0,
        burst=0,
        pixels=pixels,
        times_s=np.arange(count) / 30,
        frame_indices=np.arange(count),
        boxes_xyxy=np.zeros((count, 4), np.float32),
        quality=np.ones(count, np.float32),
    )


def test_the_graph_says_what_the_old_class_says(imported: Path) -> None:
    old, scorer = made_model("mean"), Scorer(find(imported))
    for count in (1, 3):
        pixels = crops(count, seed=count)
        score = next(iter(scorer.score([clip_of(pixels)])))
        expected = p_fake(old, pixels)
        assert p_fake_of(score.logit, find(imported).calibration) == pytest.approx(
            expected, abs=1e-4
        )
        assert 0.01 < expected < 0.99
    assert np.ptp(score.frame_logits) > 0.05  # the frames do differ, so that pooling matters


def test_the_frames_average_to_the_clip_and_their_maps_to_the_frames(imported: Path) -> None:
    pixels = crops(3)
    answer = Scorer(find(imported))._session.run(
        {"pixels": pixels[None], "mask": np.ones((1, 3), np.float32)}
    )
    assert answer["clip_logit"][0] == pytest.approx(answer["frame_logits"].mean(), abs=1e-4)
    means = answer["activation_maps"].mean((2, 3))
    assert np.allclose(means, answer["frame_logits"], atol=1e-3)
    assert answer["activation_maps"].std() > 1e-3


@pytest.mark.parametrize("pool", ["mean", "last"])
def test_its_quirks_can_be_chosen(state: dict[str, torch.Tensor], pool: Any) -> None:
    pixels, mask = crops(4), torch.tensor([[1.0, 1, 1, 0]])  # the fourth is padding
    batch = torch.from_numpy(pixels)[None]
    expected = p_fake(made_model(pool), pixels[:3])
    with torch.no_grad():
        found = ResNeXtLstm(state, Quirks(frame_pool=pool)).eval()(batch, mask)
        other = ResNeXtLstm(state, Quirks(frame_pool=pool, fake_index=1)).eval()(batch, mask)
        rgb = ResNeXtLstm(state, Quirks(frame_pool=pool, channels="rgb")).eval()
        flipped = rgb(torch.from_numpy(pixels[:, ::-1].copy())[None], mask)
    assert torch.sigmoid(found.clip_logit)[0].item() == pytest.approx(expected, abs=1e-4)
    assert torch.allclose(other.clip_logit, -found.clip_logit, atol=1e-4)
    assert torch.allclose(flipped.clip_logit, found.clip_logit, atol=1e-4)


def test_mean_and_last_frame_differ() -> None:
    pixels = crops(4)
    apart = p_fake(made_model("mean"), pixels) - p_fake(made_model("last"), pixels)
    assert abs(apart) > 1e-3


def test_the_card_says_what_it_is_and_what_is_not_known(imported: Path) -> None:
    card = find(imported)
    assert (card.sampling.burst_frames, card.crop) == (20, CROP)
    assert card.metrics[0].value == 0.87
    assert "did not measure it" in card.metrics[0].sample
    assert not card.calibration.fitted
    assert (card.thresholds.fake, card.thresholds.real) == (0.5, 0.5)
    assert "no time axis" in card.architecture
    assert "blue, green, red" in card.architecture
    told = " ".join(card.limits)
    assert "error rates are unknown" in told
    assert "face_recognition" in told
    assert "first 20 frames" in told


def test_a_scan_takes_it_and_says_that_it_is_not_calibrated(imported: Path) -> None:
    sample = ROOT / "src/facetell/data/samples/astronaut_real.mp4"
    verdict = analyze(sample, model=imported, frames=2)
    assert verdict.p_fake is not None
    assert any("how often it errs is not known" in reason for reason in verdict.reasons)


def test_facetell_models_shows_the_claim_as_a_claim(
    imported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", str(imported)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "accuracy (claimed) 0.87 on unknown data" in told


@pytest.mark.parametrize(
    ("name", "frames", "accuracy"),
    [
        (NAME, 20, 0.87),
        ("model_97_acc_100_frames_FF_data.pt", 100, 0.97),
        ("model_89.35_acc_40_frames.pth", 40, 0.8935),
        ("checkpoint.pt", None, None),
    ],
)
def test_it_reads_the_claims_of_a_file_name(
    name: str, frames: int | None, accuracy: float | None
) -> None:
    claim = read_claim(name)
    assert (claim.frames, claim.accuracy) == (frames, accuracy)


def test_any_name_works_with_a_frame_count(
    tmp_path: Path, state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "my best (2).pt"
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state.items()}}, path)
    with pytest.raises(UsageError, match="give --frames N"):
        import_checkpoint(path, tmp_path, ImportPlan())
    with pytest.raises(UsageError, match="1 to 100"):
        import_checkpoint(path, tmp_path, ImportPlan(frames=400))
    monkeypatch.setattr("facetell.train.checkpoint_import.export_onnx", written)
    card = import_checkpoint(path, tmp_path, ImportPlan(frames=40))
    assert (card.name, card.sampling.burst_frames, card.metrics) == ("my-best-2-", 40, ())
    assert find(card.path) == card


def written(_: object, path: Path, __: int) -> float:
    """Stand in for the export, which the other tests wait for once."""
    path.write_bytes(b"graph")
    return 0.0


@pytest.mark.parametrize("wrapper", ["", "state_dict", "model_state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_it_unwraps_what_people_save(tmp_path: Path, wrapper: str, prefix: str) -> None:
    head = {"linear1.weight": torch.zeros(2, 4), "model.0.weight": torch.ones(1)}
    saved: Any = {prefix + k: v for k, v in head.items()}
    torch.save({wrapper: saved, "epoch": 1} if wrapper else saved, tmp_path / "x.pt")
    assert set(read_checkpoint(tmp_path / "x.pt")) == set(head)


class Trap:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"{sys.executable} -c \"open('trapped', 'w')\"",)


@pytest.mark.parametrize("old_format", [False, True])
def test_it_refuses_a_pickle_that_wants_to_run_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old_format: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x_20_frames.pt"
    torch.save({"linear1.weight": Trap()}, path, _use_new_zipfile_serialization=not old_format)
    with pytest.raises(ModelMismatch, match=r"wants to run code.*Save the model's state_dict"):
        read_checkpoint(path)
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ModelMismatch, match="wants to run code"):
        read_checkpoint(path)
    assert not (tmp_path / "trapped").exists()
    assert main(["import", str(path), "--output", "out"]) == 3


def test_it_refuses_a_whole_pickled_model(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    torch.save(torch.nn.LSTM(2, 2), path)
    with pytest.raises(ModelMismatch, match="wants to run code"):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a model", b"\x80\x02."])
def test_it_refuses_what_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(content)
    with pytest.raises(ModelMismatch, match="not a checkpoint"):
        read_checkpoint(path)


def test_it_refuses_other_networks(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    torch.save({"fc.weight": torch.zeros(2, 2)}, tmp_path / "x.pt")
    with pytest.raises(ModelMismatch, match="no weights of a ResNeXt-50"):
        read_checkpoint(tmp_path / "x.pt")
    with pytest.raises(ModelMismatch, match="its LSTM has biases"):
        ResNeXtLstm(OldModel("mean", bidirectional=True).state_dict(), Quirks())
    with pytest.raises(ModelMismatch, match="heads are another network's"):
        ResNeXtLstm(state | {"linear2.weight": torch.zeros(1)}, Quirks())
    cut = {k: v for k, v in state.items() if not k.startswith("model.7")}
    with pytest.raises(ModelMismatch, match="no ResNeXt-50 32x4d"):
        ResNeXtLstm(cut, Quirks())
    with pytest.raises(InputNotFound, match="no such file"):
        read_checkpoint(tmp_path / "none.pt")
