"""The Ray engine, on a real cluster of two nodes on this machine."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from facetell.cli import main
from facetell.errors import ClusterError
from tests.media import Recipe, make_video
from tests.portraits import SAMPLE

ROOT = Path(__file__).parents[2]

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="the extra ray is not installed"
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, tiny_card_path: Path) -> dict[str, Any]:
    """What `cluster_run` says, which takes a minute."""
    if not os.environ.get("FACETELL_SOAK"):
        pytest.skip("`make scale` runs a cluster: set FACETELL_SOAK=1")
    footage, made = tmp_path_factory.mktemp("footage"), tmp_path_factory.mktemp("made")
    make_video(footage / "plain.mp4", Recipe())
    (footage / "broken.mp4").write_bytes(b"no video")
    for name in ("face", "again"):
        shutil.copy(SAMPLE, footage / f"{name}.mp4")
    for name in ("kill-always", "kill-once", "bad-1", *(f"brief-{n}" for n in range(17))):
        (made / name).touch()
    folders = map(str, (footage, made, tiny_card_path))
    words = [sys.executable, "-m", "tests.batch.cluster_run", *folders]
    places = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    # Where others are at work too, a node takes longer than Ray has patience.
    patience = {"RAY_raylet_start_wait_time_s": "240", "RAY_agent_register_timeout_ms": "240000"}
    patience["RAY_health_check_period_ms"] = "1000"  # how soon a node that is gone is missed
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=os.environ | patience | {"PYTHONPATH": places},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@needs_ray
@pytest.mark.parametrize("engine", ["ray", "scorer"])
def test_both_engines_say_the_same(engine: str, told: dict[str, Any]) -> None:
    assert len(told["local"]) == 4
    for path, (label, p_fake, code, _) in told["local"].items():
        found = told[engine][path]
        assert (found[0], found[2]) == (label, code)
        assert found[1] == pytest.approx(p_fake, abs=0.001)
    assert {row[0] for row in told["local"].values()} > {"no_face", "error"}


@needs_ray
def test_it_loses_nothing_with_a_node_or_a_worker(told: dict[str, Any]) -> None:
    found = told["ray"]
    assert len(found) == 20 + len(told["local"])
    assert found["kill-always"] == ["error", None, "worker_lost", 2]
    assert found["kill-once"] == ["real", 0.1, "", 2]
    assert found["bad-1"][:3] == ["error", None, "not_media"]
    assert all(row[0] == "real" for name, row in found.items() if name.startswith("brief"))


@needs_ray
def test_it_says_that_no_cluster_is_there(
    tmp_path: Path, tiny_card_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "out"), "--model", str(tiny_card_path)]
    assert main(["batch", str(SAMPLE), *out, "--engine", "ray", "--address", "127.0.0.1:1"]) == 3
    assert "--address 127.0.0.1:1: " in (shown := capsys.readouterr().err)
    assert "it must run, and have the Ray and Python of this machine" in shown


def test_it_says_which_versions_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    from facetell.batch import cluster

    class OlderCluster:
        __version__ = "2.60.0"

        def init(self, **_: object) -> None:
            raise RuntimeError(
                "Version mismatch: The cluster was started with:\n    Ray: 2.9.3\n"
                "This process on node 10.0.0.2 was started with:\n    Ray: 2.60.0\n"
            )

    monkeypatch.setattr(cluster, "_check_address", lambda _: None)
    with pytest.raises(ClusterError, match=r"--address head:6379: Version mismatch.*Ray: 2\.9\.3"):
        cluster._connect(OlderCluster(), "head:6379")
