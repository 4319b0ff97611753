"""The house keeps its promises: light imports, no traces of where it was built, known origins."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import facetell

ROOT = Path(__file__).parent.parent
DATA = ROOT / "src/facetell/data"
HEAVY = {"av", "cv2", "django", "onnxruntime", "openvino", "ray", "torch"}
# Parts of the hosts that serve packages, never written out whole.
REGISTRY = re.compile(r"://[^/\s]*(?:pypi|pythonhosted|npmjs|download\.pytorch)")
LOCAL_PATH = re.compile(r"(?<![\w.~*)}])/(?:work|root|home|tmp|opt|Users)/")


def project() -> dict[str, object]:
    """The [project] table of pyproject.toml."""
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def texts() -> dict[Path, str]:
    """Every text file that is tracked, or would be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    contents = {path: path.read_bytes() for path in paths if path.is_file()}
    return {path: b.decode("utf-8") for path, b in contents.items() if b"\0" not in b}


def test_it_knows_one_version() -> None:
    assert project()["version"] == facetell.__version__
    assert f"\nversion: {facetell.__version__}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize(
    "action",
    [
        "import facetell",
        "from facetell import Options; Options(frames=20)",
        "from facetell.cli import main; main(['--help'])",
        "from facetell.cli import main; main(['scan', '--help'])",
        "from facetell.cli import main; main(['scan'])",
    ],
)
def test_it_loads_nothing_heavy_before_it_is_needed(action: str) -> None:
    code = f"{action}\nimport sys\nprint('LOADED', *sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED"


def test_the_runtime_is_told_to_tell_nobody(tmp_path: Path) -> None:
    # its telemetry writes a number of the machine into the home folder; not where CI is set
    code = (
        "from pathlib import Path\nfrom facetell.runtime.ort import OrtSession\n"
        f"OrtSession(Path({str(DATA / 'detectors/centerface.onnx')!r}), threads=1)"
    )
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "PYTHONPATH", "SYSTEMROOT"}}
    subprocess.run([sys.executable, "-c", code], env=kept | home, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("trace", [REGISTRY, LOCAL_PATH], ids=["registry", "local path"])
def test_it_names_no_registry_and_no_path_of_this_machine(trace: re.Pattern[str]) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text[match.start() : match.start() + 60]!r}"
        for path, text in texts().items()
        for match in trace.finditer(text)
    }
    assert found == set()


def test_it_pins_every_dependency_of_the_extras_in_use() -> None:
    pinned = dict(
        line.split(" ;")[0].split("==")
        for line in (ROOT / "constraints.txt").read_text().split("\n")
        if line
    )
    needed = list(project()["dependencies"])  # type: ignore[call-overload]
    extras = project()["optional-dependencies"]
    for name in ("train", "pdf", "openvino", "heic", "bench", "dev"):
        needed += extras[name]  # type: ignore[index]
    names = {re.split(r"[\[><=]", requirement)[0] for requirement in needed} - {"facetell"}
    assert names <= set(pinned)
    assert pinned["torch"] == "2.13.0"  # no local version: any build of this release will do
    assert [name for name in pinned if name.startswith(("nvidia-", "cuda-", "triton"))] == []


def test_it_tells_origin_and_licence_of_every_data_file() -> None:
    untold = []
    for folder in [path for path in DATA.rglob("*") if path.is_dir()]:
        origin = folder / "ORIGIN.md"
        told = origin.read_text(encoding="utf-8") if origin.exists() else ""
        for path in folder.iterdir():
            known = path.name in told and re.search("licen[cs]e", told, re.I)
            if path.is_file() and path != origin and not (known or told_by_card(path)):
                untold.append(str(path.relative_to(ROOT)))
    assert untold == []


def told_by_card(path: Path) -> bool:
    """Whether a model card tells how a model was made and under which terms."""
    card = path.with_suffix(".json")
    if not card.exists():
        return False
    told = json.loads(card.read_text(encoding="utf-8"))
    return told["file"] == path.with_suffix(".onnx").name and bool(told["made"] and told["terms"])


def test_it_ships_a_small_sample_pair() -> None:
    clips = sorted((DATA / "samples").glob("*.mp4"))
    assert [clip.stem for clip in clips] == ["astronaut_fake", "astronaut_real"]
    assert sum(clip.stat().st_size for clip in clips) < 1_000_000


def test_it_keeps_its_files_short() -> None:
    sources = [*ROOT.glob("src/**/*.py"), *ROOT.glob("tools/*.py"), *ROOT.glob("benchmarks/*.py")]
    long = {path.name for path in sources if path.read_text("utf-8").count("\n") > 400}
    assert long == set()
