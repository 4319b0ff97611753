"""The notebooks in examples/ run from the first cell to the last, in a folder of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from facetell import weights

pytest.importorskip("torch")
plt = pytest.importorskip("matplotlib.pyplot")
pytest.importorskip("pyarrow")
# torch's exporter warns of itself, plt.show() of a backend without windows
pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not weights.available(), reason="no bundled model"),
]

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.ipynb"))


def run(notebook: Path) -> dict[str, object]:
    """Execute the code cells; a traceback names the cell. Returns the variables at the end."""
    namespace: dict[str, object] = {"__name__": "__notebook__"}
    for number, cell in enumerate(json.loads(notebook.read_text("utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{notebook.name}, {number}", "exec"), namespace)
    return namespace


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("agg")
    return tmp_path


def test_there_are_two() -> None:
    assert [path.stem for path in EXAMPLES] == ["read_a_result", "train_your_own"]


def test_it_reads_a_result(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = run(EXAMPLES[0])["verdicts"]
    assert isinstance(verdicts, dict)
    assert verdicts["astronaut_fake"].p_fake > verdicts["astronaut_real"].p_fake
    printed = capsys.readouterr().out
    assert all(reason in printed for reason in verdicts["astronaut_real"].reasons)
    plt.close("all")


def test_it_trains_a_model(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(EXAMPLES[1])
    plt.close("all")
    assert "video_auc" in capsys.readouterr().out
    summary = json.loads((desk / "results/summary.json").read_text())
    assert summary["model"]["name"] == "tiny"
    assert summary["reals"] == summary["fakes"] == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_installs_facetell_first_and_holds_no_output(path: Path) -> None:
    cells = [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    assert "pip" in "".join(cells[0]["source"])
    assert [c["outputs"] for c in cells] == [[]] * len(cells)
