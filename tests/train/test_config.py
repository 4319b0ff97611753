from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from facetell.errors import InputNotFound, UsageError

pytest.importorskip("torch")

from facetell.model.encoders import ENCODERS
from facetell.model.temporal import TEMPORAL_HEADS
from facetell.train.config import Mix, Regression, RunConfig, Teacher, read_config

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"


def write(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text('store = "s"\n' + text)
    return path


def test_it_reads_a_run_and_finds_files_beside_it(tmp_path: Path) -> None:
    config = read_config(
        write(tmp_path, 'steps = 700\ninit = "w.pth"\n[mix]\npairs = 3\n[teacher]\nmodel = "t.pt"')
    )
    assert (config.steps, config.mix.pairs, config.store) == (700, 3, tmp_path / "s")
    assert (config.init, config.teacher.model) == (str(tmp_path / "w.pth"), str(tmp_path / "t.pt"))
    assert config.start == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("learning_rate = 1", "learning_rate"),
        ("[mix]\nportraits = 1", "mix: unknown.*portraits"),
        ('steps = "many"', "steps: expected int"),
        ("steps = 0", "steps: at least 1"),
        ("side_px = 225", "side_px: even"),
        ("[mix]\npairs = -1", "at least one group"),
        ('heads = "regression"', "temporal"),
        ("steps = ", "Invalid value"),
    ],
)
def test_it_refuses_what_makes_no_sense(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        read_config(write(tmp_path, text))


def test_it_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="recipes/"):
        read_config(tmp_path / "run.toml")


def test_the_rate_warms_up_and_falls_along_a_cosine() -> None:
    config = RunConfig(Path(), steps=110, warmup=10)
    rates = [config.rate_at(step) for step in (0, 9, 10, 60, 109)]
    assert rates == pytest.approx([0.1, 1, 1, 0.5, 0], abs=1e-3)
    level = RunConfig(Path(), steps=110, warmup=10, last_rate=1.0)
    assert {level.rate_at(step) for step in range(10, 110)} == {1.0}


def test_a_mix_counts_its_groups() -> None:
    assert Mix(pairs=2, stills=0, blended=1, twins=1, clips=0, blended_clips=0, time=9).groups == 4


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_recipes_can_be_read(path: Path) -> None:
    config = read_config(path)
    assert config.encoder in ENCODERS
    assert config.temporal in TEMPORAL_HEADS
    assert RECIPES.parent / "runs" in (RECIPES / config.store).resolve().parents


@pytest.mark.parametrize("kind", [RunConfig, Mix, Teacher, Regression])
def test_every_key_is_documented(kind: type) -> None:
    page = (ROOT / "docs/training.md").read_text(encoding="utf-8")
    rows = "".join(line for line in page.splitlines() if line.startswith("|"))
    tables = {"mix", "teacher", "regression"}
    keys = {field.name for field in fields(kind)} - tables
    assert {key for key in keys if f"`{key}`" not in rows} == set()


def test_every_recipe_is_documented() -> None:
    page = (ROOT / "docs/training.md").read_text(encoding="utf-8")
    assert [p.name for p in RECIPES.glob("*.toml") if f"(../recipes/{p.name})" not in page] == []
