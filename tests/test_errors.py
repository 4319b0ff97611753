from __future__ import annotations

import inspect
import re

import pytest

from facetell import errors
from facetell.errors import Cancelled, FacetellError, InputError, ModelError, UsageError

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, FacetellError)
]


@pytest.mark.parametrize("kind", CLASSES)
def test_it_stands_in_the_tree_of_the_docstring(kind: type[FacetellError]) -> None:
    assert re.search(rf"(├── |└── |^    ){kind.__name__}\b", errors.__doc__ or "", re.MULTILINE)


@pytest.mark.parametrize("kind", CLASSES)
def test_it_has_an_exit_status_of_the_command_line(kind: type[FacetellError]) -> None:
    assert kind.exit_code == {UsageError: 2, Cancelled: 130}.get(kind, 3)
    passing = (Cancelled, errors.InputChanged, errors.SourceUnreachable)
    assert kind.retryable is (kind in passing)


def test_codes_tell_the_classes_apart() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch("[a-z_]+", code) for code in codes)


def test_inputs_and_models_can_be_caught_by_their_branch() -> None:
    assert issubclass(errors.CorruptMedia, InputError)
    assert issubclass(errors.ModelAltered, ModelError)
    assert not issubclass(errors.ModelAltered, InputError)
