"""The engine's worker with what it lacks: patience with the database, draining, housekeeping."""

from __future__ import annotations

import logging
import time
from types import FrameType

from django.db import InterfaceError, OperationalError, connections
from django_tasks_db.management.commands.db_worker import Worker

from facetell.errors import FacetellError
from facetell.web.analyses import drain
from facetell.web.analyses.choices import DEFAULT_MODEL
from facetell.web.analyses.worker_name import worker_name

logger = logging.getLogger(__name__)

POLL_S = 0.5
"""How often an idle worker looks into the queue."""


class AnalysisWorker(Worker):
    """Takes one analysis after the other until it is told to end.

    Args:
        batch: end when nothing is waiting.
    """

    def __init__(self, batch: bool = False) -> None:
        super().__init__(
            queue_names=["*"],
            interval=POLL_S,
            batch=batch,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=worker_name(),
            excluded_queue_names=[],
        )

    def run(self) -> None:
        """Work; a database that does not answer is waited for."""
        while self.running:
            try:
                super().run()
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database does not answer, trying again: %s", error)
                connections.close_all()
                time.sleep(POLL_S)
            else:
                return

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """End when what is in hand is done or its time is over; told again, at once."""
        drain.begin()
        super().shutdown(signum, frame)


def load_default_model() -> None:
    """Load what most jobs need before the first comes."""
    from facetell.web.analyses.run import loaded

    try:
        loaded(DEFAULT_MODEL)
    except FacetellError as error:
        # each job that needs it says so; those with another model can be done
        logger.warning("the default model cannot be loaded: %s", error)
