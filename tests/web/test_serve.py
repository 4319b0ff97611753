"""`facetell serve` as a process: it serves, works, starts what dies again, and ends whole."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from facetell.cli import main
from tests.web.conftest import SAMPLE
from tests.web.postgres import own_database

PATIENCE_S = 90.0
CALLED = {
    "FACETELL_URL_HOSTS": "media.example.org",
    "FACETELL_WEBHOOK_HOSTS": "hooks.example.org",
}
"""The hosts of docs/api.md and docs/webhooks.md, which the server may call there."""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


def wait_for(what: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    until_s = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < until_s, "it did not come to be in time"
        time.sleep(0.2)


class Served:
    """One `facetell serve` with a data folder of its own."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FACETELL_", "DJANGO_"))}
        self.folder = folder
        self._environment = kept | {"FACETELL_DATA_DIR": str(folder), "FACETELL_LEASE_S": "3"}
        self._err = (folder.parent / "serve.err").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "facetell", "serve", "--port", "0", *arguments],
            env=self._environment | environment,
            stdout=subprocess.PIPE,
            stderr=self._err,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        found = re.search(r"http://\S+", first)
        assert found, first + self.errors()
        self.address = found[0]
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def end(self) -> None:
        """End it at once; what it started ends with its pipes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._err.close()

    def errors(self) -> str:
        return Path(self._err.name).read_text()

    def get(self, path: str) -> str:
        with self._browser.open(self.address + path, timeout=30) as answer:
            return str(answer.read().decode())

    def make_key(self) -> str:
        """Make a key for the API as the documentation says."""
        command = [sys.executable, "-m", "facetell.web.manage", "apikey", "make", "laptop"]
        made = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=True
        )
        return made.stdout.strip()

    def curl(self, command: str, known: dict[str, str]) -> str:
        """Run a curl of the documentation; what it tells, with its id as the next one's $ID."""
        here = command.replace("http://127.0.0.1:8000", self.address)
        done = subprocess.run(
            ["sh", "-c", f"curl -sS --fail-with-body {here}"],
            cwd=self.folder,
            env=known,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, command + done.stdout + done.stderr
        if found := re.match(r'{"id":"([^"]+)"', done.stdout):
            known["ID"] = found[1]
        return done.stdout

    def send_sample(self) -> str:
        """Press the button that analyses the bundled sample; return the page's path."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get("/"))
        assert token
        form = f"csrfmiddlewaretoken={token[1]}&frames=10&model=default".encode()
        with self._browser.open(self.address + "/sample/", form, timeout=30) as answer:
            return str(answer.url).removeprefix(self.address)

    def result(self, path: str) -> dict[str, object] | None:
        try:
            document: dict[str, object] = json.loads(self.get(f"/api/v1{path}report.json"))
        except urllib.error.HTTPError as error:
            if error.code in {404, 409}:  # not yet
                return None
            raise
        return document

    def children(self, pid: int | None = None) -> list[int]:
        file = Path(f"/proc/{pid or self.process.pid}/task/{pid or self.process.pid}/children")
        return [int(word) for word in file.read_text().split()] if file.exists() else []

    def named(self, word: str) -> list[int]:
        """The children whose command holds a word."""
        found = []
        for pid in self.children():
            with contextlib.suppress(OSError):
                if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                    found.append(pid)
        return found


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*arguments: str, **environment: str) -> Served:
        started.append(Served(tmp_path / "data", *arguments, **environment))
        return started[-1]

    with own_database(os.environ.get("DATABASE_URL")) as url:
        if url:
            monkeypatch.setenv("DATABASE_URL", url)
        yield start
        _end(started)


def _end(started: list[Served]) -> None:
    for each in started:
        each.end()


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def test_the_sample_gets_its_verdict_and_all_ends_on_sigterm(serve: Callable[..., Served]) -> None:
    served = serve("--workers", "1")
    path = served.send_sample()
    wait_for(lambda: served.result(path))
    document = served.result(path)
    assert document is not None
    assert document["path"] == "astronaut_fake.mp4"
    assert document["label"] in {"fake", "real", "inconclusive"}
    children = served.children()
    assert len(children) == 2
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=40) == 0, served.errors()
    assert all(is_gone(pid) for pid in children)


def test_the_client_in_the_documentation_works(
    serve: Callable[..., Served],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = serve("--workers", "1")
    page = (Path(__file__).parents[2] / "docs/api.md").read_text(encoding="utf-8")
    [client] = re.findall(r"^```py\n(.*?)^```", page, re.S | re.M)
    assert "http://127.0.0.1:8000" in client
    shutil.copy(SAMPLE, served.folder / "clip.mp4")
    monkeypatch.chdir(served.folder)
    exec(client.replace("http://127.0.0.1:8000", served.address), {})
    assert re.fullmatch(r"done (fake|real|inconclusive) 0\.\d+", capsys.readouterr().out.strip())


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_each_curl_in_the_documentation_works(serve: Callable[..., Served]) -> None:
    served = serve("--workers", "1", **CALLED)
    lay_out_clips(served.folder)
    docs = Path(__file__).parents[2] / "docs"
    page = "".join((docs / name).read_text("utf-8") for name in ("api.md", "webhooks.md"))
    known = os.environ | {"KEY": served.make_key()}
    told = [served.curl(command, known) for command in re.findall(r"^curl (.*)", page, re.M)]
    mine, queued, events, awaited, batch, verdict, webhook = told
    assert json.loads(mine)["count"] == 0
    assert json.loads(queued)["settings"]["frames"] == "40"
    assert '"status":"done"' in events
    assert json.loads(awaited)["file"] == {
        "name": "clip.mp4",
        "sha256": None,
        "size_bytes": None,
        "kept": False,
    }
    assert json.loads(batch)["summary"]["count"] == 3
    assert json.loads(webhook)["url"] == "https://hooks.example.org/facetell"
    assert json.loads(verdict)["output"] in {"Real", "Fake", "Inconclusive"}


def lay_out_clips(folder: Path) -> None:
    """Lay the files that docs/api.md sends, each with bytes of its own, into a folder."""
    for number, name in enumerate(("clip.mp4", "a.mp4", "b.mp4", "c.mp4")):
        box = struct.pack(">I4s", 8 + number, b"free") + bytes(number)  # players skip it
        (folder / name).write_bytes(SAMPLE.read_bytes() + box)
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(folder / "c.mp4", "c.mp4")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_a_killed_worker_is_started_again_and_loses_nothing(serve: Callable[..., Served]) -> None:
    served = serve("--workers", "1")
    wait_for(lambda: served.named("worker"))
    [worker] = served.named("worker")
    path = served.send_sample()
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: served.named("worker") not in ([worker], []))
    wait_for(lambda: served.result(path))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_nothing_is_left_when_the_supervisor_is_killed(serve: Callable[..., Served]) -> None:
    served = serve("--workers", "1")
    wait_for(lambda: len(served.children()) == 2)
    children = served.children()
    served.process.kill()
    wait_for(lambda: all(is_gone(pid) for pid in children), 60)


def refused(folder: Path, *arguments: str, **environment: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FACETELL_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "facetell", "serve", *arguments],
        env=kept | {"FACETELL_DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_it_says_that_the_port_is_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused(tmp_path, "--port", str(port))
    assert f"127.0.0.1:{port} is in use" in said
    assert f"--port {port + 1}" in said


def test_it_listens_to_others_only_where_that_is_meant(tmp_path: Path) -> None:
    said = refused(tmp_path, "--host", "0.0.0.0")
    assert "FACETELL_ACCOUNTS=1" in said
    assert "FACETELL_OPEN=1" in said


def test_it_says_what_is_wrong_with_a_setting(tmp_path: Path) -> None:
    assert "FACETELL_LEASE_S" in refused(tmp_path, FACETELL_LEASE_S="soon")
    assert "FACETELL_SECRET_KEY is short" in refused(tmp_path, FACETELL_SECRET_KEY="secret")


def test_it_says_that_the_data_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "set FACETELL_DATA_DIR" in refused(tmp_path / "file")


def test_it_documents_each_setting() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs/deployment.md").read_text(encoding="utf-8")
    settings = (root / "src/facetell/web/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'environment\.\w+\(\s*"(\w+)"', settings))
    assert len(read) > 15
    assert [name for name in sorted(read) if f"| `{name}` |" not in page] == []


def test_it_documents_each_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--help"]) == 0
    offered = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    page = (Path(__file__).parents[2] / "docs/deployment.md").read_text(encoding="utf-8")
    assert {o for o in offered if f"| `{o} " not in page} == set()
