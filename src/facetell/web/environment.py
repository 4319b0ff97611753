"""Environment variables → typed settings; a value that cannot be read stops the start-up.

Every variable of the web application starts with `FACETELL_`, but for `DATABASE_URL` and
`WEB_CONCURRENCY`, which hosting services set.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from facetell.errors import UsageError

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str = "") -> str:
    """Return a variable as it is, without blanks around it."""
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool) -> bool:
    """Return a variable as yes or no.

    Raises:
        UsageError: it is neither.
    """
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word not in _YES | _NO:
        raise UsageError(f"{name} is {value!r}: give 1 or 0")
    return word in _YES


def whole(name: str, default: int, minimum: int = 0) -> int:
    """Return a variable as a whole number.

    Raises:
        UsageError: it is none, or below `minimum`.
    """
    value = os.environ.get(name)
    if value is None or not value.strip():
        return default
    try:
        number = int(value)
    except ValueError:
        raise UsageError(f"{name} is {value!r}: give a whole number") from None
    if number < minimum:
        raise UsageError(f"{name} is {number}: give {minimum} or more")
    return number


def choice(name: str, choices: Sequence[str]) -> str:
    """Return a variable as one of several words; the first if it is not set.

    Raises:
        UsageError: it is another word.
    """
    word = text(name).lower() or choices[0]
    if word not in choices:
        raise UsageError(f"{name} is {word!r}: give {', '.join(choices)}")
    return word


def sender(name: str, needed: bool) -> str:
    """Return a variable as the e-mail address from which letters come.

    Raises:
        UsageError: it is no address, or not set although it is needed.
    """
    address = text(name)
    if (needed or address) and "@" not in address:
        raise UsageError(f"{name} is {address!r}: give the address that e-mail comes from")
    return address


def words(name: str) -> list[str]:
    """Return a variable as words separated by commas; none if it is not set."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def folder(name: str, default: Path) -> Path:
    """Return a variable as the absolute path of a folder, which need not exist."""
    value = text(name)
    return (Path(value).expanduser() if value else default).absolute()
