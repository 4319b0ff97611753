"""What must be there before anybody is served: tables and static files.

`facetell serve` prepares at its start. `python -m facetell.web.server.preparation` does nothing
else, for a step of its own before many processes are started.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.utils import DatabaseError

from facetell.errors import FacetellError, UsageError

LOCK = 7_146_901_355
"""An arbitrary number, the same for all who prepare one PostgreSQL database."""


def prepare() -> None:
    """Make or renew tables and static files; whoever starts at the same time waits.

    Raises:
        UsageError: the data folder cannot be written, or the database cannot be used.
    """
    django.setup()
    data_dir: Path = settings.DATA_DIR
    try:
        with _alone(data_dir / "preparing.lock"), _alone_in_database():
            call_command("migrate", interactive=False, verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
    except OSError as error:
        raise UsageError(
            f"{error.filename or data_dir}: {error.strerror}; set FACETELL_DATA_DIR to a folder "
            "that can be written"
        ) from error
    except DatabaseError as error:
        said = " ".join(str(error).split())
        raise UsageError(f"the database cannot be used: {said}; see DATABASE_URL") from error
    finally:
        connection.close()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock that all processes of this machine share; it goes with its holder."""
    with path.open("a+b") as file:
        _lock(file)
        yield


def _lock(file: IO[bytes]) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


@contextmanager
def _alone_in_database() -> Iterator[None]:
    """The same among machines that share a PostgreSQL database."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def main() -> None:
    """Prepare; a mistake in the environment is told in one line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facetell.web.settings")
    try:
        prepare()
    except FacetellError as error:
        print(f"facetell: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from error


if __name__ == "__main__":
    main()
