"""`python -m facetell` is the same as `facetell`."""

from __future__ import annotations

import sys

from facetell.cli import main

if __name__ == "__main__":
    sys.exit(main())
