"""A large upload and many who watch; `make load` is the long form, which measures times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="memory is read from /proc")
def test_a_large_upload_fills_no_memory_and_all_who_watch_are_told() -> None:
    load = [sys.executable, "benchmarks/web_load.py", "--analyses", "20", "--asked", "5"]
    done = subprocess.run(load, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr  # one who is not told ends it
    outcome = json.loads(done.stdout)
    assert outcome["post_growth_mb"] < 60
    assert {"get_p95_ms", "page_p95_ms", "history_p95_ms"} <= outcome.keys()
