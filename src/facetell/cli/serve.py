"""`facetell serve`: the web application on this machine."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

from facetell.cli import EXIT_OK
from facetell.cli.parser import Parser
from facetell.errors import MissingDependency

# A name and no import: the command line must load without Django.
_SERVER = "facetell.web.server.serve"


def main(arguments: Sequence[str]) -> int:
    """Serve until somebody stops it.

    Raises:
        MissingDependency: the extra `web` is not installed.
        UsageError: it cannot be served there; see `facetell.web.server.serve`.
    """
    options = _parser().parse_args(arguments)
    try:
        server = importlib.import_module(_SERVER)
    except ModuleNotFoundError as error:
        if str(error.name).startswith("facetell"):
            raise
        raise MissingDependency(f"serve needs {error.name}: pip install 'facetell[web]'") from error
    server.serve(options.host, options.port, options.workers)
    return EXIT_OK


def _parser() -> Parser:
    parser = Parser(
        prog="facetell serve",
        description="Serves the web application and its REST API, and analyses what is sent, "
        "until ctrl-c. docs/deployment.md lists the settings that it reads from the environment.",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; other machines reach only another one than the default, "
        "which needs accounts (FACETELL_ACCOUNTS=1) or FACETELL_OPEN=1 (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=_port, default=8000, help="0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--workers",
        type=_count,
        help="processes that analyse, each with the models in memory; 0 only serves "
        "(default: one for each two cores, at most four)",
    )
    return parser


def _port(word: str) -> int:
    return _whole(word, 65535)


def _count(word: str) -> int:
    return _whole(word, 1000)


def _whole(word: str, most: int) -> int:
    if not (word.isascii() and word.isdigit() and int(word) <= most):
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number from 0 to {most}")
    return int(word)
