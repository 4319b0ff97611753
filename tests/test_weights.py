from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from facetell import weights
from facetell.errors import ModelAltered, ModelMismatch, ModelNotFound
from facetell.weights import CropGeometry, available, find, read_card, verify
from tests.tiny_model import SIDE_PX, card_with, write_model


def write_card(folder: Path, section: object) -> Path:
    path = folder / "card.json"
    path.write_text(json.dumps(section))
    return path


def test_it_reads_a_card_and_gives_the_crop_the_side_of_the_input(tiny_card_path: Path) -> None:
    card = find(tiny_card_path)
    assert card.name == "tiny"
    assert card.crop == CropGeometry("centerface", scale=1.0, shift_y=0.0, side_px=SIDE_PX)
    assert card.metrics[0].value == 1.0
    assert card.graph_path == tiny_card_path.parent / "tiny.onnx"
    assert verify(card) == card.graph_path


def test_it_finds_bundled_models_by_name(
    tiny_card_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "MODEL_DIR", tiny_card_path.parent)
    assert find("tiny").path == tiny_card_path
    assert [card.name for card in available()] == ["tiny"]


def test_it_names_the_bundled_models_when_one_is_not_found(
    tiny_card_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "MODEL_DIR", tiny_card_path.parent)
    with pytest.raises(ModelNotFound, match=r"huge: no such model; bundled: tiny"):
        find("huge")


@pytest.mark.parametrize("name", ["../tiny", "no/such/card.json", "", "."])
def test_it_refuses_a_path_that_leads_to_no_card(name: str) -> None:
    with pytest.raises(ModelNotFound, match="no such model"):
        find(name)


def test_it_asks_for_the_card_instead_of_the_graph(tiny_card_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="give the model's card"):
        find(tiny_card_path.with_suffix(".onnx"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": 1}, r"unknown \['colour'\]"),
        ({"crop": {"margin": 1}}, r"crop: unknown \['margin'\]"),
        ({"crop": {"scale": 0}}, "crop: expected scale from 0.1 to 10, found 0"),
        ({"crop": {"scale": "1.0"}}, "crop.scale: expected a finite number, found '1.0'"),
        ({"input": {"side_px": 0}}, "expected side_px from 8 to 1024, found 0"),
        ({"input": {"side_px": 22.5}}, "side_px: expected int, found 22.5"),
        ({"input": {"std": [1.0, 1.0, 0.0]}}, "std of 3 channels"),
        ({"sampling": {"step_s": -0.1}}, "step_s above 0"),
        ({"sampling": {"burst_frames": 0}}, "burst_frames 1 to 100"),
        ({"positive_class": "real"}, "positive_class 'fake', found 'real'"),
        ({"calibration": {"slope": -1.0}}, "slope above 0"),
        ({"calibration": {"real_std": 0.0}}, "real_std above 0"),
        ({"calibration": {"slope": 1e300}}, "slope above 0 and up to 10000"),
        ({"calibration": {"intercept": -1e300}}, "intercept from -10000 to 10000"),
        ({"calibration": {"real_mean": 1e300}}, "real_mean from"),
        ({"input": {"mean": [0.0, 0.0, 1e300]}}, "mean of 3 channels"),
        ({"input": {"std": [1.0, 1.0, 1e-300]}}, "std of 3 channels"),
        ({"name": ""}, "name: one line"),
        ({"name": "a\nb"}, "name: one line"),
        ({"name": "a\x1b[31m"}, "name: one line"),
        ({"name": "a" * 301}, "name: one line of up to 300 letters"),
        ({"thresholds": {"fake": 0.2}}, "0 <= real <= fake <= 1"),
        ({"sha256": "abc"}, "sha256: 64 hex digits, found 'abc'"),
        ({"limits": "none"}, "limits: expected a list"),
    ],
)
def test_it_refuses_a_card_with_an_impossible_value(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = write_card(tmp_path, card_with(**{"sha256": "0" * 64} | changes))
    with pytest.raises(ModelMismatch, match=message) as caught:
        read_card(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("key", sorted(card_with()))
def test_it_refuses_a_card_without_one_of_its_keys(tmp_path: Path, key: str) -> None:
    section = card_with(sha256="0" * 64)
    del section[key]
    with pytest.raises(ModelMismatch, match=key):
        read_card(write_card(tmp_path, section))


@pytest.mark.parametrize(
    "file", ["../tiny.onnx", "/etc/passwd", "a/b.onnx", "..\\x.onnx", ".onnx", "x.bin", ""]
)
def test_it_refuses_a_graph_that_does_not_lie_beside_its_card(tmp_path: Path, file: str) -> None:
    with pytest.raises(ModelMismatch, match=r"a plain name ending in \.onnx"):
        read_card(write_card(tmp_path, card_with(sha256="0" * 64, file=file)))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"name": NaN}', "[" * 100_000, "\ufeff"])
def test_it_refuses_what_is_no_card(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(ModelMismatch, match="not a card"):
        read_card(path)


def test_it_refuses_a_card_that_is_too_large(tmp_path: Path) -> None:
    path = write_card(tmp_path, card_with(sha256="0" * 64, made="x" * (1 << 20)))
    with pytest.raises(ModelMismatch, match="expected a file of up to 1048576 bytes"):
        read_card(path)


def test_it_refuses_a_card_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(b"\xff\xfe\x00\x9f")
    with pytest.raises(ModelMismatch, match="not a card"):
        read_card(path)


def test_it_names_both_hashes_of_an_altered_graph(tmp_path: Path) -> None:
    card = find(write_model(tmp_path))
    with card.graph_path.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelAltered, match=rf"tiny.onnx.*{card.sha256}, found [0-9a-f]{{64}}"):
        verify(card)


def test_it_names_a_graph_that_is_missing(tmp_path: Path) -> None:
    card = find(write_model(tmp_path))
    card.graph_path.unlink()
    with pytest.raises(ModelNotFound, match=r"tiny.onnx: the graph of .*tiny.json"):
        verify(card)


def test_every_bundled_model_is_the_one_that_its_card_names() -> None:
    for card in available():
        assert verify(card).stat().st_size <= 30e6
        assert card.path.stem == card.name
