"""The manifests are what Kubernetes takes, and what facetell understands."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import CUSTOM, FOLDER, documents, faults
from tests.deploy.settings_read import variables

pytest.importorskip("lightkube.models", reason="the extra dev is not installed")

BUILT_IN = [(name, d) for name, d in documents() if d["apiVersion"] not in CUSTOM]
DEPLOYMENTS = {d["metadata"]["name"]: d for _, d in BUILT_IN if d["kind"] == "Deployment"}


def containers() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each container of ours with its pod."""
    for _, document in BUILT_IN:
        if document["kind"] in {"Deployment", "Job"}:
            pod = document["spec"]["template"]["spec"]
            for container in pod.get("initContainers", []) + pod["containers"]:
                yield pod, container


def scaled() -> dict[str, Any]:
    """The autoscaler."""
    return next(d for _, d in documents() if d["kind"] == "ScaledObject")


@pytest.mark.parametrize(
    ("name", "document"), BUILT_IN, ids=[f"{n}-{d['kind']}" for n, d in BUILT_IN]
)
def test_the_api_takes_each_field(name: str, document: dict[str, Any]) -> None:
    assert faults(document) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda spec: spec.update(replica=2), "Deployment.spec.replica: there is no such field"),
        (lambda spec: spec.pop("selector"), "Deployment.spec.selector is missing"),
        (lambda spec: spec.update(replicas="2"), "Deployment.spec.replicas: '2' is no number"),
    ],
)
def test_a_mistake_would_be_found(change: Any, told: str) -> None:
    document = copy.deepcopy(DEPLOYMENTS["facetell-web"])
    change(document["spec"])
    assert faults(document) == [told]


def test_kustomize_finds_every_manifest_but_the_autoscaler() -> None:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    there = {path.name for path in FOLDER.glob("*.yaml")}
    assert set(listed) == there - {"kustomization.yaml", "autoscaler.yaml"}


def test_nothing_runs_as_root_or_writes_into_its_image() -> None:
    assert len(list(containers())) == 4
    for pod, container in containers():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {m["mountPath"] for m in container["volumeMounts"]} == {"/data", "/tmp"}
        assert {v["name"] for v in pod["volumes"]} == {m["name"] for m in container["volumeMounts"]}
        assert "memory" in container["resources"]["limits"]


def test_services_and_claims_lead_to_what_is_there() -> None:
    of_kind: dict[str, list[dict[str, Any]]] = {}
    for _, document in BUILT_IN:
        of_kind.setdefault(document["kind"], []).append(document)
    (service,), (claim,) = of_kind["Service"], of_kind["PersistentVolumeClaim"]
    (settings,), (ingress,) = of_kind["ConfigMap"], of_kind["Ingress"]
    web = DEPLOYMENTS["facetell-web"]["spec"]
    assert service["spec"]["selector"] == web["selector"]["matchLabels"]
    assert web["selector"]["matchLabels"] == web["template"]["metadata"]["labels"]
    for pod, container in containers():
        assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert container["envFrom"][0]["configMapRef"]["name"] == settings["metadata"]["name"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["name"] == service["metadata"]["name"]
    assert set(settings["data"]) <= variables()


def test_every_name_that_is_asked_for_is_allowed() -> None:
    settings = next(d for _, d in BUILT_IN if d["kind"] == "ConfigMap")["data"]
    ingress = next(d for _, d in BUILT_IN if d["kind"] == "Ingress")
    allowed = settings["FACETELL_ALLOWED_HOSTS"].split(",")
    (web,) = DEPLOYMENTS["facetell-web"]["spec"]["template"]["spec"]["containers"]
    probed = {
        header["value"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
        for header in web[probe]["httpGet"]["httpHeaders"]
    }
    scraped = scaled()["spec"]["triggers"][0]["metadata"]["url"].split("/")[2].split(":")[0]
    assert set(allowed) == probed | {scraped, ingress["spec"]["rules"][0]["host"]}


def test_the_autoscaler_asks_for_a_metric_that_there_is(db: None) -> None:
    from facetell.web.api.metrics import Jobs

    (trigger,) = scaled()["spec"]["triggers"]
    assert trigger["metadata"]["valueLocation"] in {metric.name for metric in Jobs().collect()}
    assert trigger["metadata"]["url"].endswith("/api/v1/metrics")
    assert scaled()["spec"]["scaleTargetRef"]["name"] in DEPLOYMENTS
    keys = next(d for _, d in documents() if d["kind"] == "TriggerAuthentication")
    assert trigger["authenticationRef"]["name"] == keys["metadata"]["name"]
