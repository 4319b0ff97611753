"""`facetell-web worker`: does what is queued."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from facetell.web.analyses.keeper import Keeper, working
from facetell.web.analyses.worker import AnalysisWorker, load_default_model
from facetell.web.lifeline import end_with_parent


class Command(BaseCommand):
    """One worker in this process, until SIGTERM or ctrl-c."""

    help = "Do queued analyses until SIGTERM; what is in hand then is finished or handed back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the options."""
        parser.add_argument("--batch", action="store_true", help="end when nothing is waiting")
        parser.add_argument(
            "--end-with-parent",
            action="store_true",
            help="end when standard input ends, as `facetell serve` wants it",
        )

    def handle(self, *, batch: bool, **options: Any) -> None:
        """Work."""
        if options["end_with_parent"]:
            # what is in hand may be finished or handed back, and a little more
            end_with_parent(settings.DRAIN_S + 5.0)
        worker = AnalysisWorker(batch=batch)
        worker.configure_signals()
        load_default_model()
        Keeper().start()
        working.send(sender=None)
        worker.run()
