"""The start commands of the image work as plain processes: web server and worker on PostgreSQL.

`make soak` installs as the Dockerfile does, too: tools/run_dockerfile.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import pytest
import yaml
from run_dockerfile import (
    Image,
    free_port,
    image_environment,
    let_through,
    placed,
    read_image,
    started,
    wait_until_healthy,
)

from tests.deploy.settings_read import ROOT
from tests.web.conftest import SAMPLE
from tests.web.postgres import find_binaries, postgres
from tests.web.test_serve import wait_for

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")
PREPARE = [sys.executable, "-m", "facetell.web.server.preparation"]
MANAGE = [sys.executable, "-m", "facetell.web.manage"]
PERSON = ["--username", "ada", "--email", "ada@example.org"]
SERVICES = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))["services"]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A PostgreSQL server's address, without tables."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres(binaries) as url:
        yield url


@pytest.fixture
def image() -> Image:
    """What the Dockerfile says."""
    return read_image()


@pytest.fixture
def environment(image: Image, database: str, tmp_path: Path) -> dict[str, str]:
    """The image's environment, with what compose.yaml adds."""
    added = {
        "DATABASE_URL": database,
        "FACETELL_ACCOUNTS": "1",
        "FACETELL_TLS": "1",
        "FACETELL_ALLOWED_HOSTS": "facetell.example.org,127.0.0.1",
        "FACETELL_PROXY": "127.0.0.1",
        "FACETELL_THREADS": "1",
        "DJANGO_SUPERUSER_PASSWORD": "correct horse",
    }
    return image_environment(image, tmp_path, **added)


def here(command: Sequence[str]) -> list[str]:
    """The same program of this environment, which is not the image's."""
    modules = {"facetell": ["-m", "facetell"], "facetell-web": ["-m", "facetell.web.manage"]}
    return [sys.executable, *modules.get(command[0], []), *command[1:]]


def call(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a program to its end; return what it printed."""
    return subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, check=True, timeout=120
    ).stdout


def test_two_that_prepare_at_once_and_again_make_the_tables_once(
    environment: dict[str, str], tmp_path: Path
) -> None:
    # folders of their own: machines without a common disk, where no lock of a file holds
    both = [
        subprocess.Popen(PREPARE, env=environment | {"FACETELL_DATA_DIR": str(tmp_path / name)})
        for name in ("one", "two")
    ]
    assert [process.wait(120) for process in both] == [0, 0]
    call(PREPARE, environment)
    call([*MANAGE, "migrate", "--check"], environment)


def test_web_server_and_worker_of_compose_do_an_analysis(
    image: Image, environment: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    web, worker = here(SERVICES["web"]["command"]), here(SERVICES["worker"]["command"])
    check = placed(here(image.health), tmp_path, port)
    with started([*web, "--port", str(port)], environment) as server:
        wait_until_healthy(check, environment, server)
        call([*MANAGE, "createsuperuser", "--noinput", *PERSON], environment)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1/", timeout=30) as far:
            # as through the proxy in front
            far.headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
            assert far.get("ready").status_code == 200
            assert far.get("ready", headers={"Host": "elsewhere.example.org"}).status_code == 400
            assert far.get("metrics").status_code == 401
            far.headers["Authorization"] = f"Bearer {key(environment)}"
            assert "\nfacetell_queue_age_seconds 0.0\n" in far.get("metrics").text
            sent = far.post("analyses", data={"frames": "5"}, files={"file": SAMPLE.read_bytes()})
            assert sent.status_code == 202
            with started(worker, environment):
                wait_for(lambda: state(far, sent) not in {"queued", "running"})
            assert state(far, sent) == "done"


def key(environment: dict[str, str]) -> str:
    """Make a key as docs/cloud.md says."""
    make = ["apikey", "--user", "ada", "make", "test", "--scope", "write"]
    return call([*MANAGE, *make], environment).strip()


def state(client: httpx.Client, sent: httpx.Response) -> str:
    """Ask where an analysis stands."""
    return str(client.get(f"analyses/{sent.json()['id']}").json()["status"])


def test_the_build_has_the_files_that_it_needs_and_no_others(tmp_path: Path) -> None:
    let_through(tmp_path)
    assert (tmp_path / "src/facetell/web/settings.py").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("src", "constraints.txt", "pyproject.toml"),
        *("README.md", "LICENSE", "NOTICE", "THIRD_PARTY.md"),
    }


def test_the_image_starts_what_listens_and_is_asked_there(image: Image) -> None:
    assert image.command == ("facetell", "serve", "--host", "0.0.0.0")
    assert "http://127.0.0.1:8000/api/v1/health" in image.health[-1]
    assert image.environment["FACETELL_DATA_DIR"] == "/data"
    dockerfile = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    assert "\nUSER 10001:10001\n" in dockerfile
