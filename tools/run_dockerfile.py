"""Run what deploy/Dockerfile says where there is no container engine.

Takes the files that .dockerignore lets through, runs the very RUN lines of the build stage in a
fresh virtual environment, starts the very CMD with the ENV of the image, and asks the very
HEALTHCHECK, then /health and /ready. Only the places differ: the image's folders become folders
of a temporary one, and the port is a free one. Lines that need root (the user) are left out.

    python tools/run_dockerfile.py       # minutes: it installs everything anew
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PORT = "8000"
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Image:
    """A Dockerfile's lines that matter here."""

    build: tuple[str, ...]
    """Shell lines of the first stage."""
    arguments: Mapping[str, str]
    """ARG of the first stage."""
    environment: Mapping[str, str]
    """ENV of the last stage."""
    command: tuple[str, ...]
    health: tuple[str, ...]


def read_image(path: Path = ROOT / "deploy/Dockerfile") -> Image:
    """Read a Dockerfile of two stages, its CMD and HEALTHCHECK in JSON form."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    first, last = re.split(r"^FROM .*\n", text, flags=re.M)[1:]

    def lines(stage: str, word: str) -> list[str]:
        return re.findall(rf"^{word} +(.+)$", stage, re.M)

    (check,) = lines(last, "HEALTHCHECK")
    (command,) = lines(last, "CMD")
    return Image(
        tuple(lines(first, "RUN")),
        _pairs(lines(first, "ARG")),
        _pairs(lines(last, "ENV")),
        tuple(json.loads(command)),
        tuple(json.loads(check.split("CMD", 1)[1])),
    )


def let_through(target: Path, ignore: Path = ROOT / ".dockerignore") -> None:
    """Copy what a .dockerignore lets through that ignores all (`*`) but what it names (`!name`)."""
    rules = [r for r in ignore.read_text("utf-8").splitlines() if r and not r.startswith("#")]
    assert rules[0] == "*", "the first rule ignores everything"
    for name in [rule[1:] for rule in rules if rule.startswith("!")]:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)


def placed(words: Sequence[str], folder: Path, port: int) -> list[str]:
    """Return words with the image's folders and port replaced by those of this machine."""
    moved = [re.sub(r"(?<![\w/])/(srv/facetell|data)\b", rf"{folder}/\1", word) for word in words]
    return [word.replace(f":{PORT}/", f":{port}/") for word in moved]


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def image_environment(image: Image, folder: Path, **more: str) -> dict[str, str]:
    """Return the image's environment, in a folder, with what an operator adds."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FACETELL_", "DJANGO_"))}
    values = placed(tuple(image.environment.values()), folder, 0)
    own = dict(zip(image.environment, values, strict=True))
    own["PATH"] = own["PATH"].replace("$PATH", kept["PATH"])
    return kept | own | more


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program; at the end SIGTERM must end it with status 0, as a container is ended."""
    process = subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL)
    try:
        yield process
        process.terminate()
        status = process.wait(60)
        assert status == 0, f"{command}: status {status} after SIGTERM"
    finally:
        process.kill()


def wait_until_healthy(
    check: Sequence[str], environment: Mapping[str, str], process: subprocess.Popen[bytes]
) -> float:
    """Ask a health check until it is content; return after how many seconds."""
    start_s = time.monotonic()
    while subprocess.run(
        list(check), env=dict(environment), stderr=subprocess.DEVNULL, check=False
    ).returncode:
        assert process.poll() is None, f"it ended with status {process.returncode}"
        assert time.monotonic() - start_s < PATIENCE_S, "it did not become healthy in time"
        time.sleep(0.5)
    return time.monotonic() - start_s


def main() -> int:
    """Install, start, ask, stop."""
    image = read_image()
    with tempfile.TemporaryDirectory(prefix="facetell-image-") as name:
        folder, port = Path(name), free_port()
        _install(image, folder)
        environment = image_environment(image, folder, FACETELL_ACCOUNTS="1")
        command = [*_found(image.command, environment), "--port", str(port)]
        with started(command, environment) as server:
            check = placed(_found(image.health, environment), folder, port)
            waited_s = wait_until_healthy(check, environment, server)
            for path in ("health", "ready"):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}") as answer:
                    print(path, answer.status, answer.read().decode())
    print(f"healthy after {waited_s:.1f} s, ended on SIGTERM")
    return 0


def _install(image: Image, folder: Path) -> None:
    """Run the build stage's lines, with the files that the builder would have."""
    source = folder / "src"
    source.mkdir()
    let_through(source)
    (folder / "srv").mkdir()
    environment = os.environ | dict(image.arguments) | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for line in image.build:
        start_s = time.monotonic()
        # the interpreter of this run stands for the image's
        line = re.sub(r"^python\b", shlex.quote(sys.executable), line)
        subprocess.run(
            ["sh", "-c", *placed([line], folder, 0)], cwd=source, env=environment, check=True
        )
        print(f"{time.monotonic() - start_s:.1f} s: {line}", flush=True)


def _found(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Find the program in the image's PATH: its virtual environment comes first."""
    program = shutil.which(command[0], path=environment["PATH"])
    assert program, f"{command[0]}: the image has no such program"
    return [program, *command[1:]]


def _pairs(lines: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for line in lines for word in shlex.split(line)]
    return {name: value for name, _, value in pairs}


if __name__ == "__main__":
    raise SystemExit(main())
