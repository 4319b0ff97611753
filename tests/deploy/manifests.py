"""Checks Kubernetes manifests against the API's own types, field by field, as the server does."""

from __future__ import annotations

import dataclasses
import importlib
import sys
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "deploy/kubernetes"
CUSTOM = {"kustomize.config.k8s.io/v1beta1", "keda.sh/v1alpha1"}
"""Kinds of others, of which the API has no types."""


def _api(module: str) -> Any:
    """Load the API's types, which are dataclasses.

    lightkube itself, which talks to clusters and is not installed, would give them a base class.
    """
    base = types.ModuleType("lightkube.core.schema")
    vars(base).update(dataclass=dataclasses.dataclass, field=dataclasses.field, DictMixin=object)
    for name in ("lightkube.core", "lightkube.core.schema"):
        sys.modules.setdefault(name, base)
    return importlib.import_module(f"lightkube.models.{module}")


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each document with the name of its file."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield path.name, document


def faults(document: dict[str, Any]) -> list[str]:
    """Return what the Kubernetes API would refuse: unknown and missing fields, wrong types."""
    group, _, version = document["apiVersion"].rpartition("/")
    module = f"{group.split('.')[0] or 'core'}_{version}"
    return list(_faults(document, getattr(_api(module), document["kind"]), document["kind"]))


def _faults(value: Any, wanted: Any, place: str) -> Iterator[str]:
    origin = typing.get_origin(wanted)
    if origin is typing.Union:  # Optional, and IntOrString
        options = [o for o in typing.get_args(wanted) if o is not type(None)]
        found = [list(_faults(value, option, place)) for option in options]
        yield from min(found, key=len)
    elif is_dataclass(wanted):
        yield from _faults_of_object(value, typing.cast(Any, wanted), place)
    elif origin is list:
        if not isinstance(value, list):
            yield f"{place}: {value!r} is no list"
            return
        for number, item in enumerate(value):
            yield from _faults(item, typing.get_args(wanted)[0], f"{place}[{number}]")
    elif origin is dict:
        for name, item in value.items():
            yield from _faults(item, typing.get_args(wanted)[1], f"{place}.{name}")
    elif wanted in (str, bool) and type(value) is not wanted:
        yield f"{place}: {value!r} is no {wanted.__name__}"
    elif wanted in (int, float) and type(value) not in (int, float):
        yield f"{place}: {value!r} is no number"


def _faults_of_object(value: Any, wanted: Any, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: {value!r} is no object"
        return
    # Python's own words, such as `from`, have an underscore behind
    known = {field.name.rstrip("_"): field for field in fields(wanted)}
    hints = typing.get_type_hints(wanted)
    for name, item in value.items():
        if name not in known:
            yield f"{place}.{name}: there is no such field"
        else:
            yield from _faults(item, hints[known[name].name], f"{place}.{name}")
    for name, field in known.items():
        optional = field.default is not MISSING or field.default_factory is not MISSING
        if not optional and name not in value:
            yield f"{place}.{name} is missing"
