"""Everything that `facetell serve` does: check, prepare, run, tell."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable

from facetell.runtime.session import available_cores
from facetell.web.server import address
from facetell.web.server.supervisor import Program, Supervisor
from facetell.web.server.web import GRACE_S

MOST_WORKERS = 4
"""Started by default: each holds the models in memory, and more are rarely worth it."""


def serve(host: str, port: int, workers: int | None) -> None:
    """Serve pages and API, and work on what is sent, until somebody stops it.

    Args:
        host: address to listen on.
        port: its port; 0 takes a free one.
        workers: processes that analyse; by default one for each two cores, at most four.

    Raises:
        UsageError: the port is taken, the data folder cannot be written, the database cannot be
            used, or strangers could reach it without an account.
    """
    count = default_workers(available_cores()) if workers is None else workers
    _set_environment(host, count)
    _check_exposure(host)
    port = address.free_port(host, port)

    from facetell.web.server.preparation import prepare

    prepare()
    supervisor = Supervisor(_programs(host, port, count), _tell)
    supervisor.run(_announcement(host, port, count))
    _tell("stopped")


def default_workers(cores: int) -> int:
    """Return how many workers so many cores feed.

    >>> [default_workers(cores) for cores in (1, 2, 4, 6, 64)]
    [1, 1, 2, 3, 4]
    """
    return max(1, min(cores // 2, MOST_WORKERS))


def _check_exposure(host: str) -> None:
    """Refuse to let strangers see and delete everything, unless somebody means it."""
    from facetell.web.accounts.exposure import open_warning, require_permission

    require_permission(host)
    if warning := open_warning(host):
        _tell(warning)


def _set_environment(host: str, workers: int) -> None:
    """Tell the processes what follows from the options, where the operator said nothing."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "facetell.web.settings"
    os.environ.setdefault("FACETELL_ALLOWED_HOSTS", ",".join(address.names(host)))
    threads = max(1, available_cores() // max(1, workers))
    os.environ.setdefault("FACETELL_THREADS", str(threads))


def _programs(host: str, port: int, workers: int) -> list[Program]:
    from django.conf import settings

    web = (sys.executable, "-m", "facetell.web.server.web", host, str(port))
    worker = (sys.executable, "-m", "facetell.web.manage", "worker", "--end-with-parent")
    # a worker ends itself within twice FACETELL_DRAIN_S: it hands back what takes longer
    patience_s = settings.DRAIN_S + 10.0
    return [Program("web server", web, 2.0 * GRACE_S)] + [
        Program(f"worker {number}", worker, patience_s) for number in range(1, workers + 1)
    ]


def _announcement(host: str, port: int, workers: int) -> Callable[[], None]:
    """Make what tells the address once it answers."""
    announced = False

    def announce() -> None:
        nonlocal announced
        if announced or not _answers(host, port):
            return
        announced = True
        print(_welcome(host, port, workers), flush=True)

    return announce


def _welcome(host: str, port: int, workers: int) -> str:
    from django.conf import settings

    number = "1 worker" if workers == 1 else f"{workers} workers"
    return (
        f"facetell is at {address.shown(host, port)}\n"
        f"  data    {settings.DATA_DIR}\n"
        f"  jobs    {number}, {os.environ['FACETELL_THREADS']} threads each\n"
        "  stop    ctrl-c; twice to stop at once"
    )


def _answers(host: str, port: int) -> bool:
    local = "::1" if ":" in host else "127.0.0.1"
    here = local if address.is_anywhere(host) else host
    try:
        with socket.create_connection((here, port), timeout=0.2):
            return True
    except OSError:
        return False


def _tell(message: str) -> None:
    print(f"facetell: {message}", file=sys.stderr, flush=True)
