"""The key that signs sessions and links: given by the operator, or made once and kept."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from facetell.errors import UsageError

FILE = "secret_key"
SHORTEST = 32


def secret_key(given: str, data_dir: Path) -> str:
    """Return the key given, or the one in the data folder, made at the first call.

    Several processes may start at once: whoever comes first makes the file, the others read it.

    Args:
        given: the operator's key; empty to have one made.
        data_dir: the folder that keeps a key that was made; only its owner may read the file.

    Raises:
        UsageError: the key given is short, or the folder cannot be written.
    """
    if given:
        if len(given) < SHORTEST:
            raise UsageError(f"FACETELL_SECRET_KEY is short: give {SHORTEST} characters or more")
        return given
    path = data_dir / FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        # written whole under another name, then linked: nobody can read half a key
        with contextlib.suppress(FileExistsError):
            if not path.exists():
                _make(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise UsageError(
            f"{error.filename or path}: {error.strerror}; set FACETELL_DATA_DIR to a folder that "
            "can be written"
        ) from error


def _make(path: Path) -> None:
    part = path.with_name(f"{FILE}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(part, path)
    finally:
        part.unlink()
