"""PostgreSQL for tests: a server for one run, without network, and a database for one test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

BINARIES = "/usr/lib/postgresql/*/bin/pg_ctl"  # Debian's, which are not in the path


def find_binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest if there are several."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    installed = sorted(Path("/").glob(BINARIES[1:]))
    return installed[-1].parent if installed else None


@contextmanager
def postgres(binaries: Path) -> Iterator[str]:
    """Run a server; yield its DATABASE_URL."""
    folder = Path(tempfile.mkdtemp(prefix="facetell-postgres-"))
    data, owner = folder / "data", _owner()
    if owner:
        shutil.chown(folder, owner["user"])

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(binaries / program), "-D", str(data), *arguments],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **owner,
        )

    try:
        call("initdb", "-U", "postgres", "--auth", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses= -c fsync=off -k {folder}"
        call("pg_ctl", "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgres://postgres@{quote(str(folder), safe='')}/postgres"
        finally:
            call("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_database(url: str | None) -> Iterator[str | None]:
    """Make a database on the server of a DATABASE_URL; yield its own, and drop it at the end.

    What a test's server has in its queue must not wait in that of the next one.
    """
    if not url or not url.startswith("postgres"):
        yield url
        return
    import psycopg

    name = f"facetell_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; its package makes a user."""
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
