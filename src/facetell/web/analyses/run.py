"""One attempt at one analysis, in a worker: take the lease, call the pipeline, write what came."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from facetell.errors import FacetellError
from facetell.options import Frames, Options
from facetell.pipeline import Analyzer
from facetell.report.json_report import to_dict
from facetell.report.statements import without_path
from facetell.verdict import Verdict
from facetell.web.analyses import artifacts, leases
from facetell.web.analyses.choices import models
from facetell.web.analyses.leases import Lease, LeaseLost
from facetell.web.analyses.models import Analysis
from facetell.web.analyses.shots import ShotKeeper
from facetell.web.analyses.worker_name import worker_name

logger = logging.getLogger(__name__)

REPORT_EVERY_S = 0.5
"""Least time between two writes of the progress."""


class _Cancelled(Exception):
    """Somebody asked to cancel."""


def run(analysis_id: str) -> None:
    """Do an analysis, unless it is not to be had; whatever goes wrong is written into it."""
    lease = leases.take(analysis_id, worker_name())
    if lease is None:
        logger.info("analysis %s is not to be had", analysis_id)
        return
    try:
        with _heartbeat(lease):
            _attempt(lease)
    except _Cancelled:
        lease.cancel()
    except LeaseLost:
        logger.warning("analysis %s: the lease was lost, its result is dropped", analysis_id)
    except FacetellError as error:
        lease.fail(error.code, str(error))
    except Exception:
        logger.exception("analysis %s failed", analysis_id)
        lease.fail("internal", "an error in this program; its log says more")


def _attempt(lease: Lease) -> None:
    analysis = Analysis.objects.select_related("upload").get(pk=lease.analysis_id)
    analyzer = _analyzer(analysis)
    path = Path(default_storage.path(analysis.upload.file))
    shown = Path(analysis.upload.name)
    keeper = ShotKeeper()
    try:
        verdict = analyzer.analyze(path, _Reporter(lease), keeper)
    except FacetellError as error:
        # the sender knows the file by its own name, and not where we keep it
        raise type(error)(f"{shown}: {without_path(str(error), path)}") from error
    verdict = _renamed(verdict, path, shown)
    pictures = artifacts.write(analysis, verdict, analyzer.card, analyzer.options, keeper.shots)
    lease.finish(to_dict(verdict), pictures)


def _renamed(verdict: Verdict, path: Path, shown: Path) -> Verdict:
    warnings = tuple(without_path(w, path) for w in verdict.warnings)
    return replace(verdict, path=shown, warnings=warnings)


def _analyzer(analysis: Analysis) -> Analyzer:
    """The loaded model, set to what is asked."""
    analyzer = _loaded(str(models()[analysis.model].path))
    count: Frames = "all" if analysis.frames == "all" else int(analysis.frames)
    analyzer.options = replace(
        analyzer.options,
        frames=count,
        start_s=analysis.start_s,
        end_s=analysis.end_s,
        face=analysis.face,
    )
    return analyzer


@lru_cache(maxsize=2)
def _loaded(card: str) -> Analyzer:
    return Analyzer(Options(model=card, threads=settings.THREADS))


class _Reporter:
    """The pipeline's progress → the analysis' row, now and then."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._last_s = 0.0

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s < REPORT_EVERY_S:
            return
        self._last_s = now_s
        if self._lease.renew(stage=stage, done=done, total=total):
            raise _Cancelled


@contextmanager
def _heartbeat(lease: Lease) -> Iterator[None]:
    """Renew the lease in a thread: one slow frame must not look like a dead worker."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(settings.LEASE_S / 3):
            try:
                lease.renew()
            except LeaseLost:
                return
            except Exception:
                logger.exception("analysis %s: cannot renew the lease", lease.analysis_id)
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
