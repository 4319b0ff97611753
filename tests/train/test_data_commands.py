from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")

from facetell.cli import main

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
