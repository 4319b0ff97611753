"""`facetell-web`: Django's management commands with facetell's settings."""

from __future__ import annotations

import os
import sys

from facetell.errors import FacetellError, MissingDependency


def main() -> None:
    """Run one of Django's commands; a mistake in the environment is told in one line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facetell.web.settings")
    try:
        _run(sys.argv)
    except FacetellError as error:
        print(f"facetell-web: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from error


def _run(arguments: list[str]) -> None:
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise MissingDependency("the web pages need `pip install 'facetell[web]'`") from error
    execute_from_command_line(arguments)


if __name__ == "__main__":
    main()
