"""No file of strangers is unpickled: the code is searched, and pickles that run code are tried."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import facetell
from facetell.errors import FacetellError

ROOT = Path(__file__).parents[1]
SOURCES = sorted(Path(facetell.__file__).parent.rglob("*.py"))

# What makes objects of bytes, and the argument that makes it safe, if there is one.
UNPICKLERS = {
    "torch.load": ("weights_only", True),
    "np.load": ("allow_pickle", False),
    "numpy.load": ("allow_pickle", False),
}
FORBIDDEN = {
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.loads", "shelve.open"),
    *("dill.load", "joblib.load", "yaml.load", "torch.hub.load", "eval", "exec", "os.system"),
}


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def unsafe(source: str) -> list[str]:
    """List the calls in a source that may run what a file says."""
    found = []
    for name, call in calls(source):
        given = {word.arg: word.value for word in call.keywords}
        argument, wanted = UNPICKLERS.get(name, ("", None))
        value = given.get(argument)
        safe = not argument or (isinstance(value, ast.Constant) and value.value is wanted)
        # NumPy's default is the safe one
        if name in FORBIDDEN or not (safe or (value is None and argument == "allow_pickle")):
            found.append(f"{name}, line {call.lineno}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_it_unpickles_nothing(path: Path) -> None:
    assert unsafe(path.read_text(encoding="utf-8")) == []


def test_the_search_finds_what_it_looks_for() -> None:
    assert unsafe("torch.load(path, weights_only=True); np.load(path)") == []
    for line in (
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=chosen)",
        "np.load(path, allow_pickle=True)",
        "pickle.loads(data)",
        "os.system(command)",
    ):
        assert len(unsafe(line)) == 1, line


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self._mark,)


@pytest.mark.parametrize("kind", ["pickle", "torch"])
@pytest.mark.parametrize("reader", ["import", "resume"])
def test_a_pickle_that_runs_code_runs_none(tmp_path: Path, kind: str, reader: str) -> None:
    torch = pytest.importorskip("torch")
    from facetell.model.resnext_lstm import read_checkpoint
    from facetell.train.checkpoint import read_tensors

    read: dict[str, Callable[[Path], object]]
    read = {"import": read_checkpoint, "resume": read_tensors}
    path, mark = tmp_path / "model.pt", tmp_path / "ran"
    bomb = {"model": Bomb(mark)}
    if kind == "torch":
        torch.save(bomb, path)
    else:
        path.write_bytes(pickle.dumps(bomb, protocol=2))  # what torch expects
    with pytest.raises(FacetellError):
        read[reader](path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(bomb))
    assert mark.exists()  # it would have run
