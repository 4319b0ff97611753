"""What README and docs say holds: their code runs, and no option, error or module is left out."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from facetell import errors, weights
from facetell.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
SAMPLE = ROOT / "src/facetell/data/samples/astronaut_real.mp4"
FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]+?) -->\n)?```(?P<kind>\w+)\n(?P<code>.*?)^```", re.M | re.S
)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")

needs_model = pytest.mark.skipif(not weights.available(), reason="no bundled model yet")


def blocks(page: Path, kind: str, mark: str | None = None) -> Iterator[tuple[int, str]]:
    """Find the code blocks of a kind that carry a mark: line number and code."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        if found["kind"] == kind and found["mark"] == mark:
            yield text.count("\n", 0, found.start("code")) + 1, found["code"]


def commands(page: Path) -> list[str]:
    """Find the `$ facetell ...` lines of the blocks marked with `<!-- run -->`."""
    lines = [line for _, code in blocks(page, "console", "run") for line in code.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def pages_with(finder: str) -> list[Path]:
    """List the pages that have something to run."""
    found = {"python": lambda page: [*blocks(page, "python")], "console": commands}[finder]
    return [page for page in PAGES if found(page)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in that has a clip.mp4, as the docs assume."""
    shutil.copy(SAMPLE, tmp_path / "clip.mp4")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_finds_code_to_run() -> None:
    assert len(commands(ROOT / "README.md")) >= 5
    assert len([*blocks(ROOT / "README.md", "python")]) >= 3


@needs_model
@pytest.mark.parametrize("page", pages_with("python"), ids=lambda page: page.name)
def test_it_runs_the_python_blocks(page: Path, desk: Path) -> None:
    namespace: dict[str, object] = {"__name__": "__docs__"}
    for line, code in blocks(page, "python"):
        # Newlines in front let a traceback name the line of the page.
        exec(compile("\n" * line + code, str(page), "exec"), namespace)


@needs_model
@pytest.mark.parametrize("page", pages_with("console"), ids=lambda page: page.name)
def test_it_runs_the_console_blocks(page: Path, desk: Path) -> None:
    for command in commands(page):
        program, *arguments = shlex.split(command)
        assert program == "facetell", command
        good = (0, 10) if "--fail-on" in arguments else (0,)
        assert main(arguments) in good, command


def test_it_documents_each_option_of_scan_and_watch(capsys: pytest.CaptureFixture[str]) -> None:
    page = (DOCS / "command-line.md").read_text("utf-8")
    for command in ("scan", "watch"):
        assert main([command, "--help"]) == 0
        offered = set(OPTION.findall(capsys.readouterr().out))
        section = page.split(f"## facetell {command}\n")[1].split("\n## ")[0]
        first_cells = re.findall(r"^\| (.+?) \|", section, re.M)
        documented = {option for cell in first_cells for option in OPTION.findall(cell)}
        assert documented == offered - {"--help"}


@pytest.mark.parametrize("command", ["evaluate", "compare", "calibrate", "gates"])
def test_it_documents_each_option_of_evaluation(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyarrow", reason="the extra train is not installed")
    assert main([command, "--help"]) == 0
    offered = set(OPTION.findall(capsys.readouterr().out)) - {"--help"}
    assert offered - set(OPTION.findall((DOCS / "evaluation.md").read_text("utf-8"))) == set()


def test_it_documents_each_option_of_batch(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "--help"]) == 0
    offered = set(OPTION.findall(capsys.readouterr().out)) - {"--help"}
    first_cells = re.findall(r"^\| (.+?) \|", (DOCS / "scale.md").read_text("utf-8"), re.M)
    assert {option for cell in first_cells for option in OPTION.findall(cell)} == offered


def test_it_documents_each_command() -> None:
    page = (DOCS / "command-line.md").read_text(encoding="utf-8")
    assert [c.name for c in COMMANDS if f"    facetell {c.name} " not in page] == []


def test_it_documents_each_error_with_its_code() -> None:
    known = {
        (value.__name__, value.code)
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.FacetellError)
    }
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", page, re.M)) == known


def test_it_gives_each_module_a_place_in_the_architecture() -> None:
    modules = {
        path.stem
        for path in (ROOT / "src/facetell").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem[0] != "_"
    }
    described = set(re.findall(r"\*\*(\w+)\*\*", (DOCS / "architecture.md").read_text("utf-8")))
    assert described == modules


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_links_only_to_files_that_are_there(page: Path) -> None:
    targets = re.findall(r"(?:\]\(|\bsrc(?:set)?=\")([^)#\"]+)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []
