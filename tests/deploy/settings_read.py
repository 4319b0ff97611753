"""Which variables the web application reads, as docs/deployment.md lists them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def variables() -> set[str]:
    """Return the variables of the documentation's tables; a test of `serve` holds them complete."""
    page = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", page, re.M)
    return {name for row in rows for name in re.findall(r"[A-Z_]+", row)}
