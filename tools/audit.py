"""Pinned packages → those with a known weakness, by pip-audit, where its service can be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

PATIENCE_S = 300


def main() -> int:
    """Ask about every package of a file of pinned requirements; 1 if one is known to be weak."""
    (requirements,) = sys.argv[1:]
    packages = looked_up(requirements)
    known = [package for package in packages if "skip_reason" not in package]
    if not known:
        print("known weaknesses of packages: SKIPPED, no vulnerability service can be reached")
        return 0
    weak = [(package, weakness) for package in known for weakness in package["vulns"]]
    for package, weakness in weak:
        mended = ", ".join(weakness["fix_versions"]) or "no version"
        print(f"{package['name']} {package['version']}: {weakness['id']}, mended in {mended}")
    print(f"{len(known)} of {len(packages)} packages were looked up: {len(weak)} weaknesses")
    return 1 if weak else 0


def looked_up(requirements: str) -> list[dict[str, Any]]:
    """Return what the service knows of each package; nothing if it does not answer."""
    arguments = ["--requirement", requirements, "--no-deps", "--disable-pip", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", *arguments, "--progress-spinner", "off"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, LookupError):
        return []
    return found


if __name__ == "__main__":
    sys.exit(main())
