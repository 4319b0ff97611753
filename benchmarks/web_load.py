"""What the web server takes: a large upload, many watchers, a large history.

Starts `facetell serve` without workers and a data folder of its own, fills in 10,000 analyses, and
measures (Linux only: memory is read from /proc)

- how long GET of an analysis' JSON, of its page and of the history take, asked one after the
  other, by the clock and of the server's processor time, which other programs change little;
- by how much the server's resident memory grows while a file of 100 MB is posted;
- how long it takes until each of 50 event streams tells an end, while files are posted.

    python benchmarks/web_load.py
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "src/facetell/data/samples/astronaut_real.mp4"
MEGABYTE = 1024 * 1024
WATCHERS, UPLOADS = 50, 10
API = "/api/v1/analyses"
ADDRESSES = {"get": f"{API}/{{}}", "page": "/analyses/{}/", "history": "/analyses/"}


def main() -> None:
    """Measure and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--analyses", type=int, default=10_000)
    parser.add_argument("--asked", type=int, default=1000, help="how often each address")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("DATABASE_URL", None)  # what is measured is SQLite, in the data folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "facetell.web.settings"
        os.environ["FACETELL_DATA_DIR"] = folder
        os.environ["FACETELL_RATE_ADDRESS"] = "10000000"
        os.environ["FACETELL_MAX_QUEUED"] = "10000000"
        with _served() as (port, server):
            import django

            django.setup()
            ids = _fill(options.analyses)
            found = (
                _ask(port, server, ids, options.asked)
                | _upload(port, server)
                | _watch(port, server)
            )
    print(json.dumps(found))


@contextmanager
def _served() -> Iterator[tuple[int, int]]:
    """Serve; the port and the web server's process."""
    command = [sys.executable, "-m", "facetell", "serve", "--port", "0", "--workers", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        port = int(supervisor.stdout.readline().rpartition(":")[2])
        children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text()
        try:
            yield port, int(children.split()[0])
        finally:
            supervisor.terminate()


def _fill(count: int) -> list[str]:
    from facetell.web.accounts.people import sole_user
    from facetell.web.analyses.models import Analysis, Result, Status, Upload

    owner = sole_user()
    scan = [sys.executable, "-m", "facetell", "scan", str(SAMPLE), "--json", "--frames", "40"]
    document = json.loads(subprocess.run(scan, capture_output=True, check=True).stdout)
    uploads = [
        Upload(owner=owner, name=f"{n}.mp4", sha256=f"{n:064x}", size_bytes=1, file=f"uploads/{n}")
        for n in range(count)
    ]
    asked = {"owner": owner, "frames": "40", "model": "default", "status": Status.DONE}
    found = {"label": document["label"], "p_fake": document["p_fake"]}
    analyses = [Analysis(upload=upload, **asked, **found) for upload in uploads]
    Upload.objects.bulk_create(uploads, 500)
    Analysis.objects.bulk_create(analyses, 500)
    Result.objects.bulk_create([Result(analysis=a, document=document) for a in analyses], 500)
    return [str(analysis.pk) for analysis in analyses]


def _ask(port: int, server: int, ids: list[str], asked: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, path in ADDRESSES.items():
        before_ms = _processor_ms(server)
        times_ms = _times_ms(port, path, random.Random(1).choices(ids, k=asked))
        found |= {
            f"{name}_median_ms": round(statistics.median(times_ms), 1),
            f"{name}_p95_ms": round(statistics.quantiles(times_ms, n=20)[-1], 1),
            f"{name}_processor_ms": round((_processor_ms(server) - before_ms) / asked, 1),
        }
    return found


def _times_ms(port: int, path: str, ids: list[str]) -> list[float]:
    times_ms = []
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for pk in ids:
        start_s = time.perf_counter()
        connection.request("GET", path.format(pk))
        answer = connection.getresponse()
        answer.read()
        times_ms.append((time.perf_counter() - start_s) * 1000)
        assert answer.status == 200, answer.status
    return times_ms


def _post(port: int, megabytes: int, number: int) -> str:
    """Post a video with an empty box at its end; return the analysis' id."""
    box = (megabytes * MEGABYTE).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")
    head = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="large.mp4"\r\n'
        b"Content-Type: video/mp4\r\n\r\n"
    ) + SAMPLE.read_bytes()
    pieces = [head, box, *[bytes(MEGABYTE)] * megabytes, b"\r\n--x--\r\n"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request(
        "POST",
        API,
        iter(pieces),
        {
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str(sum(map(len, pieces))),
        },
    )
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 202, body
    return str(body["id"])


def _upload(port: int, server: int) -> dict[str, float]:
    _post(port, 1, 0)  # what is loaded at the first upload is no growth
    before_mb, peak_mb, over = _resident_mb(server), 0.0, threading.Event()

    def look() -> None:
        nonlocal peak_mb
        while not over.wait(0.01):
            peak_mb = max(peak_mb, _resident_mb(server))

    looking = threading.Thread(target=look)
    looking.start()
    start_s = time.perf_counter()
    _post(port, 100, 1)
    seconds = time.perf_counter() - start_s
    over.set()
    looking.join()
    return {"post_growth_mb": round(peak_mb - before_mb, 1), "post_s": round(seconds, 2)}


def _watch(port: int, server: int) -> dict[str, float]:
    from facetell.web.analyses.deletion import cancel
    from facetell.web.analyses.models import Analysis

    watched = _post(port, 1, 2)
    before_mb = _resident_mb(server)
    begun = threading.Barrier(WATCHERS + 1)

    def watch(_: int) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", f"{API}/{watched}/events")
        stream = connection.getresponse()
        assert stream.status == 200, stream.status
        while b'"queued"' not in stream.readline():
            pass
        begun.wait()
        while b'"cancelled"' not in stream.readline():
            pass
        return time.perf_counter()

    with ThreadPoolExecutor(WATCHERS) as pool, ThreadPoolExecutor(4) as senders:
        told = [pool.submit(watch, number) for number in range(WATCHERS)]
        begun.wait()
        posted = [senders.submit(_timed_post, port, 10 + number) for number in range(UPLOADS)]
        posted[UPLOADS // 2].result()
        cancelled_s = time.perf_counter()
        cancel(Analysis.objects.get(pk=watched))
        last_s = max(each.result() for each in told) - cancelled_s
        longest_s = max(each.result() for each in posted)
        growth_mb = _resident_mb(server) - before_mb
    return {
        "watchers_told": WATCHERS,
        "last_told_s": round(last_s, 2),
        "longest_post_5mb_s": round(longest_s, 2),
        "watch_growth_mb": round(growth_mb, 1),
    }


def _timed_post(port: int, number: int) -> float:
    start_s = time.perf_counter()
    _post(port, 5, number)
    return time.perf_counter() - start_s


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _processor_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")  # proc(5)


if __name__ == "__main__":
    main()
