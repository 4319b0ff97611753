"""Queue many analyses, kill the workers while they work, and count how often each was ended.

The server is `facetell serve` with a data folder of its own. In each round of SIGKILL every worker
dies while it holds a job. A trigger in the database counts each time that an analysis becomes
done, so "once and only once" is counted where it is written, and not concluded (Linux only:
workers are found in /proc).

    python benchmarks/web_soak.py                          # 200 analyses, the default model
    python benchmarks/web_soak.py --jobs 12 --model tests/tiny.json --lease 2

Ends with status 1 if one analysis was not done, or done twice.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parents[1] / "src/facetell/data/samples/astronaut_real.mp4"
COUNTER = """
CREATE TABLE soak_endings (analysis TEXT);
CREATE TRIGGER soak AFTER UPDATE OF status ON analyses_analysis
WHEN NEW.status = 'done' AND OLD.status != 'done'
BEGIN INSERT INTO soak_endings VALUES (NEW.id); END;
"""


def main() -> int:
    """Run it, print what came out as JSON, and tell by the status whether that is right."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        _set_environment(Path(folder), options)
        with _served(options.workers) as server:
            _connect()
            started_s = time.perf_counter()
            _submit(options)
            killed = [
                _kill_workers(
                    server.pid, options, after=options.jobs * (n + 1) // (options.kills + 2)
                )
                for n in range(options.kills)
            ]
            _wait_until_ended(options)
            outcome = _outcome(options) | {
                "seconds": round(time.perf_counter() - started_s, 1),
                "killed": killed,
            }
    print(json.dumps(outcome))
    good = outcome["done"] == outcome["results"] == options.jobs
    return 0 if good and outcome["endings"] == {"1": options.jobs} else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=2, help="of each worker")
    parser.add_argument("--frames", default="5")
    parser.add_argument("--model", help="a card; the bundled model by default")
    parser.add_argument("--lease", type=int, default=10, help="seconds")
    parser.add_argument("--patience", type=int, default=3600, help="seconds, for all of it")
    return parser.parse_args()


def _set_environment(folder: Path, options: argparse.Namespace) -> None:
    # the trigger is SQLite's, in the data folder
    for name in [n for n in os.environ if n.startswith(("FACETELL_", "DATABASE_URL"))]:
        del os.environ[name]
    os.environ["DJANGO_SETTINGS_MODULE"] = "facetell.web.settings"
    os.environ["FACETELL_DATA_DIR"] = str(folder)
    os.environ["FACETELL_LEASE_S"] = str(options.lease)
    os.environ["FACETELL_LOG_LEVEL"] = "ERROR"
    if options.model:
        os.environ["FACETELL_MODELS"] = str(Path(options.model).resolve())


@contextmanager
def _served(workers: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "facetell", "serve", "--port", "0", "--workers", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        server.stdout.readline()  # the address: tables are there
        try:
            yield server
        finally:
            server.terminate()


def _connect() -> None:
    import django
    from django.db import connection

    django.setup()
    connection.ensure_connection()
    connection.connection.executescript(COUNTER)


def _submit(options: argparse.Namespace) -> None:
    from facetell.web.accounts.people import sole_user
    from facetell.web.analyses.choices import DEFAULT_MODEL, Settings
    from facetell.web.analyses.submission import submit
    from facetell.web.analyses.uploads import keep

    name = json.loads(Path(options.model).read_text())["name"] if options.model else DEFAULT_MODEL
    video = SAMPLE.read_bytes()
    for number in range(options.jobs):
        # an empty box at the end makes another file of the same pictures (ISO 14496-12, 8.1.2)
        box = (16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")
        upload = keep(sole_user(), [video, box], f"{number}.mp4")
        submit(sole_user(), upload, Settings(frames=options.frames, model=name))


def _kill_workers(supervisor: int, options: argparse.Namespace, after: int) -> int:
    """Kill each of the workers that there are as soon as it holds a job; return how many."""
    _wait(options, lambda: _count("done") >= after or _all_ended())
    victims = set(_workers(supervisor))
    hit = set[int]()
    while victims - hit and not _all_ended():
        for pid in _busy() & victims - hit:
            os.kill(pid, signal.SIGKILL)
            hit.add(pid)
        time.sleep(0.02)
    return len(hit)


def _workers(supervisor: int) -> list[int]:
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_text().split("\0") for pid in children}
    return [pid for pid, command in commands.items() if "worker" in command]


def _busy() -> set[int]:
    from facetell.web.analyses.models import Analysis, Status

    running = Analysis.objects.filter(status=Status.RUNNING).values_list("worker", flat=True)
    return {int(worker.rpartition(":")[2]) for worker in running}


def _wait_until_ended(options: argparse.Namespace) -> None:
    _wait(options, _all_ended)


def _wait(options: argparse.Namespace, what: Any) -> None:
    until_s = time.monotonic() + options.patience
    while not what() and time.monotonic() < until_s:
        time.sleep(0.1)


def _count(status: str) -> int:
    from facetell.web.analyses.models import Analysis

    return Analysis.objects.filter(status=status).count()


def _all_ended() -> bool:
    return not (_count("queued") or _count("running"))


def _outcome(options: argparse.Namespace) -> dict[str, Any]:
    from django.db import connection
    from django.db.models import Count

    from facetell.web.analyses.models import Analysis, Result

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n, COUNT(*) FROM (SELECT COUNT(*) n FROM soak_endings GROUP BY analysis)"
            " GROUP BY n"
        )
        endings = {str(times): analyses for times, analyses in cursor.fetchall()}
    attempts = Analysis.objects.values_list("attempts").annotate(Count("pk")).order_by("attempts")
    return {
        "jobs": options.jobs,
        "done": _count("done"),
        "failed": _count("failed"),
        "results": Result.objects.count(),
        "endings": endings,
        "attempts": {str(number): analyses for number, analyses in attempts},
    }


if __name__ == "__main__":
    sys.exit(main())
