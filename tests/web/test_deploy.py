"""The files in deploy/ name settings that there are, and let through what facetell takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "deploy").iterdir() if path.is_file())


def text(name: str) -> str:
    return (ROOT / "deploy" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_names_only_settings_that_are_documented(path: Path) -> None:
    documented = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    named = set(re.findall(r"FACETELL_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named
    assert [name for name in named if f"| `{name}` |" not in documented] == []


@pytest.mark.parametrize(
    ("name", "limit"),
    [("nginx.conf", r"client_max_body_size (\d+)m;"), ("Caddyfile", r"max_size (\d+)MiB\n")],
)
def test_proxies_let_through_what_facetell_takes(name: str, limit: str) -> None:
    found = re.search(limit, text(name))
    assert found
    assert int(found[1]) * 1024 * 1024 >= settings.MAX_REQUEST_BYTES


def test_the_service_has_time_to_end_its_jobs() -> None:
    found = re.search(r"^TimeoutStopSec=(\d+)", text("facetell.service"), re.M)
    assert found
    assert int(found[1]) > 2 * settings.DRAIN_S
