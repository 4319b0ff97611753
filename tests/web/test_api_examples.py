"""docs/api-examples.md: every request of the API, by curl and in Python, against one server."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from tests.web.api_client import ROOT
from tests.web.test_serve import Served, lay_out_clips, serve

__all__ = ["serve"]  # the fixture

PAGE = (Path(__file__).parents[2] / "docs/api-examples.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
OTHER_PAGES = {"webhooks"}  # what docs/api.md shows instead


def operations() -> set[str]:
    """Method and path of each operation, every variable part as `*`."""
    document = json.loads(Client().get(f"{ROOT}/openapi.json").content)
    return {
        f"{method.upper()} {re.sub(r'{[^}]+}', '*', path.removeprefix(ROOT))}"
        for path, methods in document["paths"].items()
        for method in methods
        if not any(f"/{word}" in path for word in OTHER_PAGES)
    }


def generic(method: str, url: str) -> str:
    """A request as `operations` names it."""
    path = urlsplit(url).path.removeprefix(ROOT)
    path = re.sub(r"^/(analyses|batches)/[^/]+", r"/\1/*", path)
    return f"{method} {re.sub(r'/[0-9]+[.]jpg$', '/*.jpg', path)}"


def generic_curl(command: str) -> str:
    """A curl command as `operations` names it."""
    named = re.search(r"-X (\w+)", command)
    method = named[1] if named else "POST" if " -F " in f" {command}" else "GET"
    found = re.search(r"http://[^\s\"]+", command)
    assert found, command
    return generic(method, found[0])


def test_it_shows_each_request_with_curl(db: None) -> None:
    shown = {generic_curl(command) for command in re.findall(r"^curl (.*)", PAGE, re.M)}
    assert shown == operations()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_all_examples_work(
    serve: Callable[..., Served], db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve("--workers", "1")
    lay_out_clips(served.folder)
    monkeypatch.chdir(served.folder)
    known = os.environ | {"KEY": served.make_key()}
    for command in re.findall(r"^curl (.*)", PAGE, re.M):
        served.curl(command, known)
    report = (served.folder / "report.pdf").read_bytes()
    assert report.startswith(b"%PDF")
    assert (served.folder / "heat.jpg").read_bytes().startswith(b"\xff\xd8")
    asked = run_python(served, monkeypatch)
    assert asked == operations()
    assert (served.folder / "report.pdf").read_bytes() != report


def run_python(served: Served, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Run the blocks one after the other; return what they asked for."""
    asked: set[str] = set()
    send = httpx.Client.send

    def tell(self: httpx.Client, request: httpx.Request, **options: object) -> httpx.Response:
        asked.add(generic(request.method, str(request.url)))
        return send(self, request, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(httpx.Client, "send", tell)
    monkeypatch.delenv("KEY", raising=False)  # without accounts none is needed
    code = "\n".join(re.findall(r"^```py\n(.*?)^```", PAGE, re.S | re.M))
    names: dict[str, httpx.Client] = {}
    exec(code.replace(ADDRESS, served.address), names)
    names["api"].close()
    return asked
