from __future__ import annotations

import subprocess
import sys

import pytest

import facetell

HEAVY = ("cv2", "onnxruntime", "torch", "av", "django", "numpy", "PIL")


def loaded_after(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter and return the heavy modules that it loaded."""
    code = f"import sys\n{statement}\nprint(*[m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement", ["import facetell", "from facetell import Options, UsageError; Options()"]
)
def test_importing_it_loads_nothing_heavy(statement: str) -> None:
    assert loaded_after(statement) == set()


def test_every_public_name_is_there_sorted_and_documented() -> None:
    assert facetell.__all__ == sorted(facetell.__all__)
    for name in facetell.__all__:
        assert getattr(facetell, name).__doc__
    assert set(facetell.__all__) <= set(dir(facetell))


def test_all_errors_are_public() -> None:
    from facetell import errors

    names = {n for n, v in vars(errors).items() if isinstance(v, type) and n[0] != "_"}
    assert names <= set(facetell.__all__)


def test_analyzing_brings_neither_torch_nor_django() -> None:
    assert not loaded_after("from facetell import Analyzer, analyze") & {"torch", "django"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = facetell.nothing  # type: ignore[attr-defined]


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert facetell.__version__ == version("facetell")
