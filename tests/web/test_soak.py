"""Many analyses while workers are killed; `make soak` is the long form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers in /proc")
def test_all_are_done_once_and_only_once_while_workers_are_killed(tiny_card_path: Path) -> None:
    soak = [sys.executable, "benchmarks/web_soak.py", "--jobs", "12", "--lease", "2"]
    done = subprocess.run(
        [*soak, "--model", str(tiny_card_path), "--patience", "120"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["endings"] == {"1": 12}
    assert outcome["killed"] == [2, 2]
    assert max(map(int, outcome["attempts"])) > 1, "nobody was hit while working"
