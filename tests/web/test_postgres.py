"""What the database decides holds on PostgreSQL too: the same tests, in a run of their own.

`DATABASE_URL=postgres://… python -m pytest tests/web` runs all of them there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.postgres import find_binaries, postgres

ROOT = Path(__file__).parents[2]
ON_BOTH = ("concurrency", "counts", "leases", "patience", "run", "submission")


def test_jobs_hold_on_postgresql() -> None:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    files = [f"tests/web/test_{name}.py" for name in ON_BOTH]
    with postgres(binaries) as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout.splitlines()[-1]
