from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")

import torch

from facetell.errors import ModelMismatch, ModelNotFound
from facetell.model.detector import Detector
from facetell.train.checkpoint import CHECKPOINT, read_tensors
from facetell.train.config import Mix, RunConfig, Teacher
from facetell.train.distill import Imitation, Lesson, load_teacher, resized
from facetell.train.loop import train
from tests.tiny_model import SIDE_PX, make_graph, write_model
from tests.train.made_store import make_store
from tests.train.tiny_encoder import NAME, add_tiny_encoder

CPU = torch.device("cpu")
MIX = Mix(pairs=3, stills=0, blended=0, twins=1, clips=0, blended_clips=0, time=2)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    add_tiny_encoder(monkeypatch)


def write_run(folder: Path) -> Path:
    torch.manual_seed(3)
    model = Detector(NAME, hidden=4)
    config = RunConfig(store=folder, encoder=NAME, hidden=4)
    (folder / "config.json").write_text(json.dumps(config.as_record()))
    torch.save({"averaged": model.state_dict()}, folder / "best.pt")
    return folder / "best.pt"


def test_a_graph_teaches_what_it_says(tmp_path: Path) -> None:
    write_model(tmp_path)
    teacher = load_teacher(Teacher(str(tmp_path / "tiny.onnx"), side_px=SIDE_PX), CPU)
    assert teacher.features == 3
    pixels = torch.zeros(1, 2, 3, 2 * SIDE_PX, 2 * SIDE_PX, dtype=torch.uint8)
    pixels[:, 0, 0] = 255  # red, then black
    lesson = teacher.teach(pixels, torch.ones(1, 2))
    assert lesson.frame_logits.tolist() == [[8, 0]]
    assert lesson.features[0, 0].tolist() == [255, 0, 0]


def test_a_graph_that_names_no_width_teaches_all_its_features(tmp_path: Path) -> None:
    graph = make_graph()
    told = next(o for o in graph.graph.output if o.name == "features")
    told.type.tensor_type.shape.dim[2].dim_param = "width"
    (tmp_path / "loose.onnx").write_bytes(graph.SerializeToString())
    teacher = load_teacher(Teacher(str(tmp_path / "loose.onnx"), side_px=SIDE_PX), CPU)
    assert teacher.features == 3


def test_a_run_teaches_as_its_averaged_weights_score(tmp_path: Path) -> None:
    path = write_run(tmp_path)
    teacher = load_teacher(Teacher(str(path), side_px=32), CPU)
    torch.manual_seed(3)
    model = Detector(NAME, hidden=4).eval()
    pixels = torch.randint(0, 256, (2, 2, 3, 32, 32), dtype=torch.uint8)
    mask = torch.tensor([[1.0, 1], [1, 0]])
    lesson = teacher.teach(pixels, mask)
    with torch.no_grad():
        expected = model(pixels, mask)
    assert torch.allclose(lesson.frame_logits, expected.frame_logits, atol=0.02)  # bfloat16
    assert torch.allclose(lesson.features, expected.features, atol=0.05)


def test_it_refuses_what_cannot_teach(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"none\.onnx"):
        load_teacher(Teacher(str(tmp_path / "none.onnx")), CPU)
    path = write_run(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelMismatch, match="cannot teach"):
        load_teacher(Teacher(str(path)), CPU)
    (tmp_path / "config.json").unlink()
    with pytest.raises(ModelNotFound, match=r"config\.json"):
        load_teacher(Teacher(str(path)), CPU)
    graph = make_graph()
    del graph.graph.output[1:]
    (tmp_path / "other.onnx").write_bytes(graph.SerializeToString())
    with pytest.raises(ModelMismatch, match="facetell export"):
        load_teacher(Teacher(str(tmp_path / "other.onnx")), CPU)


def test_only_present_frames_are_taught() -> None:
    torch.manual_seed(0)
    imitation = Imitation(Teacher("t"), 5, 7)
    frames, features, mask = torch.zeros(1, 3), torch.randn(1, 3, 5), torch.tensor([[1.0, 1, 0]])
    lesson = Lesson(torch.zeros(1, 3), torch.randn(1, 3, 7))
    before = imitation(frames, features, lesson, mask)
    lesson.frame_logits[0, 2], lesson.features[0, 2] = 99, 99
    assert imitation(frames, features, lesson, mask) == before


def test_pixels_are_averaged_when_they_shrink() -> None:
    stripes = torch.tensor([0, 255], dtype=torch.uint8).repeat(16).expand(1, 1, 3, 32, 32)
    small = resized(stripes, 8)
    assert small.dtype == torch.uint8
    assert small.shape == (1, 1, 3, 8, 8)
    assert (small[..., 1:-1].int() - 127).abs().max() < 25
    assert resized(stripes, 32) is stripes


def test_a_student_comes_to_agree_with_its_teacher(tmp_path: Path) -> None:
    path = write_run(tmp_path)
    config = RunConfig(
        store=make_store(tmp_path / "store"), encoder=NAME, side_px=16, hidden=4, steps=60,
        warmup=5, encoder_rate=1e-2, head_rate=1e-2, ema=0.5, dropout=0.0, evaluate_every=60,
        device="cpu", workers=0, seed=5, mix=MIX,
        teacher=Teacher(str(path), side_px=32, logits=0.0, features=1.0),
    )  # fmt: skip
    assert config.batch_side_px == 32
    likeness = []
    for steps in (1, 60):
        out = tmp_path / str(steps)
        train(replace(config, steps=steps, warmup=0), out)
        likeness.append(agreement(config, out, path))
    assert likeness[1] > likeness[0] + 0.1
    assert likeness[1] > 0.9


def agreement(config: RunConfig, out: Path, teacher: Path) -> float:
    """Mean cosine between the projected features of a student and its teacher's."""
    state = read_tensors(out / CHECKPOINT)["objective"]
    student = Detector(NAME, hidden=4)
    student.load_state_dict({k[6:]: v for k, v in state.items() if k.startswith("model.")})
    pixels = torch.randint(0, 256, (8, 1, 3, 32, 32), dtype=torch.uint8)
    mask = torch.ones(8, 1)
    lesson = load_teacher(replace(config.teacher, model=str(teacher)), CPU).teach(pixels, mask)
    with torch.no_grad():
        mine = student.eval()(resized(pixels, 16), mask).features
    mine = mine @ state["imitation.project.weight"].T + state["imitation.project.bias"]
    return float(torch.nn.functional.cosine_similarity(mine, lesson.features, dim=-1).mean())
