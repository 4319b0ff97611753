"""Parsed JSON or TOML → a frozen dataclass, strictly: no key too many, none missing, types kept.

Knows the field types float, int, bool, str, Path, `X | None`, tuple[X, ...] and nested
dataclasses. A check of values belongs into the dataclass's `__post_init__`, as a ValueError.
"""

from __future__ import annotations

import math
import types
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


def read_record(kind: type[Record], section: object, where: str = "") -> Record:
    """Make a dataclass of a parsed object; a key may be missing only if its field has a default.

    Args:
        kind: the dataclass.
        section: what the JSON or TOML parser returned.
        where: dotted name of the section, for messages.

    Raises:
        ValueError: an unknown or missing key, another type, or a value that the class refuses.
    """
    if not isinstance(section, dict):
        raise ValueError(f"{where or 'top level'}: expected an object, found {section!r}")
    _check_keys(kind, section, where)
    hints = get_type_hints(kind)
    dotted = f"{where}." if where else ""
    values = {key: _read(hints[key], value, dotted + key) for key, value in section.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where or 'top level'}: {error}") from error


def _check_keys(kind: type[Any], section: dict[str, Any], where: str) -> None:
    known = {f.name for f in fields(kind)}
    needed = {f.name for f in fields(kind) if f.default is MISSING}
    at = where or "top level"
    if unknown := sorted(set(section) - known):
        raise ValueError(f"{at}: unknown {unknown}; expected {sorted(known)}")
    if missing := sorted(needed - set(section)):
        raise ValueError(f"{at}: missing {missing}; found {sorted(section)}")


def _read(hint: Any, value: object, where: str) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return read_record(hint, value, where)
    if get_origin(hint) in (Union, types.UnionType):
        return _read_optional(hint, value, where)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where}: expected a list, found {value!r}")
        item = get_args(hint)[0]
        return tuple(_read(item, v, f"{where}[{i}]") for i, v in enumerate(value))
    return _read_plain(hint, value, where)


def _read_optional(hint: Any, value: object, where: str) -> Any:
    if value is None:
        return None
    (inner,) = (arg for arg in get_args(hint) if arg is not type(None))
    return _read(inner, value, where)


def _read_plain(hint: Any, value: object, where: str) -> Any:
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value):
            return float(value)
    elif hint is Path and isinstance(value, str):
        return Path(value)
    elif type(value) is hint:
        return value
    name = "a finite number" if hint is float else hint.__name__
    raise ValueError(f"{where}: expected {name}, found {value!r}")
