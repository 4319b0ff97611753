"""Run both engines on the same videos, on a Ray cluster of two nodes, and lose one node on the way.

A program of its own: Ray leaves threads and sockets behind that a test run must not inherit.
Prints one JSON object: paths → [label, p_fake, error code, attempts] for each of its runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from facetell.batch.cluster import RayEngine
from facetell.batch.local import LocalEngine
from facetell.batch.run import Engine
from facetell.batch.work import Job, Outcome, Settings
from facetell.options import Options
from tests.batch.made_analysts import MixedAnalyst


def main(footage: Path, made: Path, model: Path) -> None:
    """Run them all and print what came."""
    jobs = [Job(path.name, str(path)) for path in sorted(footage.iterdir())]
    settings = Settings(Options(model=model, frames=5, threads=1))
    told = {"local": rows(LocalEngine(settings, 1), jobs)}
    head = {"num_cpus": 1, "include_dashboard": False}
    cluster: Any = Cluster(initialize_head=True, head_node_args=head)
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False)
    told["scorer"] = rows(RayEngine(settings, scorers=1), jobs)
    jobs += [Job(path.name, str(path)) for path in sorted(made.iterdir())]
    told["ray"] = rows(
        RayEngine(settings, retries=1, make=MixedAnalyst), jobs, lambda: cluster.remove_node(node)
    )
    print(json.dumps(told))
    ray.shutdown()
    cluster.shutdown()


def rows(engine: Engine, jobs: list[Job], after_five: Any = None) -> dict[str, Any]:
    """Collect what an engine says; each path once."""
    found: dict[str, Any] = {}
    for outcome in engine.run(jobs):
        assert outcome.path not in found, "nothing twice"
        found[outcome.path] = row(outcome)
        if len(found) == 5 and after_five:
            after_five()
    return found


def row(outcome: Outcome) -> list[Any]:
    """Shorten an outcome."""
    told = json.loads(outcome.line)
    return [outcome.label, told["p_fake"], outcome.code, told["attempts"]]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
