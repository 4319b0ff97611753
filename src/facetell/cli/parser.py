"""The argument parser that all commands share."""

from __future__ import annotations

import argparse
from typing import NoReturn

from facetell.cli import EXIT_USAGE, print_error


class Parser(argparse.ArgumentParser):
    """Says mistakes in the one form that all errors have, and takes no shortened options.

    Shortened ones would change their meaning with each option that is added later.
    """

    def __init__(self, **settings: object) -> None:
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Print the mistake and leave with the status of wrong usage."""
        print_error(f"{message}; see {self.prog} --help")
        self.exit(EXIT_USAGE)
