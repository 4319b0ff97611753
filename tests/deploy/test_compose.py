"""compose.yaml is what the Compose specification takes, and what facetell understands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.settings_read import ROOT, variables

cli = pytest.importorskip("check_jsonschema", reason="the extra dev is not installed")

FILE = ROOT / "deploy/compose.yaml"
COMPOSE = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]


def valid(path: Path) -> bool:
    """Whether a file is what the specification's schema allows."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["--builtin-schema", "vendor.compose-spec", str(path)])
    return ended.value.code == 0


def test_it_is_what_the_specification_takes() -> None:
    assert valid(FILE)


def test_a_mistake_would_be_found(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(text.replace("read_only: true", "readonly: true"))
    assert not valid(tmp_path / "compose.yaml")


def test_it_uses_every_network_and_volume_that_it_names() -> None:
    networks = {name for service in SERVICES.values() for name in service["networks"]}
    mounted = {m.split(":")[0] for service in SERVICES.values() for m in service["volumes"]}
    assert networks == set(COMPOSE["networks"])
    assert mounted - {"./Caddyfile"} == set(COMPOSE["volumes"])
    assert (ROOT / "deploy/Caddyfile").is_file()


def test_it_limits_each_service() -> None:
    for service in SERVICES.values():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
        assert service["restart"] == "unless-stopped"
    for name in ("web", "worker", "proxy"):
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_only_the_proxy_can_be_reached() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    # one network in common: in another the proxy would have an address that is not believed
    assert set(SERVICES["proxy"]["networks"]) & set(SERVICES["web"]["networks"]) == {"front"}
    (subnet,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    assert SERVICES["web"]["environment"]["FACETELL_PROXY"] == subnet["subnet"]


def test_it_sets_what_facetell_and_the_proxy_read() -> None:
    assert set(SERVICES["web"]["environment"]) <= variables()
    caddy = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    assert set(re.findall(r"{\$(\w+):", caddy)) == set(SERVICES["proxy"]["environment"])
