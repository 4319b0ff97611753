from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")

from facetell.cli import main
from facetell.train.layouts import LAYOUTS

WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None  # as if it were not installed
from facetell.cli import main
sys.exit(main([sys.argv[2], "--help"]))
"""
PAGE = Path(__file__).parents[2] / "docs/training.md"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


@pytest.mark.parametrize("command", ["prepare", "dataset", "autoencode"])
def test_the_page_on_training_tells_each_option(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"]) == 0
    offered = set(OPTION.findall(capsys.readouterr().out)) - {"--help"}
    told = set(OPTION.findall(PAGE.read_text(encoding="utf-8")))
    assert len(offered) >= 3
    assert offered <= told


@pytest.mark.parametrize(("package", "command"), [("pyarrow", "prepare"), ("torch", "train")])
def test_a_missing_extra_is_named(package: str, command: str) -> None:
    run = [sys.executable, "-c", WITHOUT, package, command]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 3
    assert done.stderr == f"facetell: {command} needs {package}: pip install 'facetell[train]'\n"


def test_the_page_on_data_sets_shows_each_layout() -> None:
    page = (PAGE.parent / "datasets.md").read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| `(.+?)` \|", page, re.M)
    assert first_cells == [layout.name for layout in LAYOUTS]
