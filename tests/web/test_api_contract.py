"""The OpenAPI document against the running server: schemathesis asks whatever it allows."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.test_serve import Served, serve

__all__ = ["serve"]  # the fixture

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed"
)
def test_the_server_keeps_to_its_document(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve("--workers", "1", FACETELL_RATE_ADDRESS="0")
    command = [sys.executable, "-m", "schemathesis.cli", "run"]
    command += [f"{served.address}/api/v1/openapi.json", "--max-examples", "5", "--seed", "1"]
    # one streams until an analysis ends, the other waits for it
    command += ["--exclude-operation-id", "watch_analysis", "--exclude-operation-id", "detect"]
    command += ["--checks", ",".join(CHECKS), "--generation-database", "none", "--no-color"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Tested: 23" in done.stdout
