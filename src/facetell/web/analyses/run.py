"""One attempt at one analysis, in a worker: take the lease, call the pipeline, write what came."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection

from facetell.errors import Cancelled, FacetellError, ModelNotFound
from facetell.options import Frames, Options
from facetell.pipeline import Analyzer
from facetell.report.json_report import to_dict
from facetell.report.statements import without_path
from facetell.verdict import Verdict
from facetell.web.analyses import artifacts, drain, fetching, leases
from facetell.web.analyses.choices import models
from facetell.web.analyses.deletion import delete_video_if_unneeded
from facetell.web.analyses.leases import Lease, LeaseLost
from facetell.web.analyses.models import Analysis
from facetell.web.analyses.patience import patiently
from facetell.web.analyses.problems import Problem
from facetell.web.analyses.recovery import hand_back
from facetell.web.analyses.shots import ShotKeeper
from facetell.web.analyses.worker_name import worker_name
from facetell.wording import Sentence, said

logger = logging.getLogger(__name__)

REPORT_EVERY_S = 0.5
"""Least time between two writes of the progress."""

Ending = Callable[[], None]
"""Writes how an attempt ended."""


class _HandBack(Exception):
    """This worker is to end, and the time for finishing is over."""


def run(analysis_id: str) -> None:
    """Do an analysis, unless it is not to be had; whatever goes wrong is written into it."""
    lease = patiently(lambda: leases.take(analysis_id, worker_name()))
    if lease is None:
        logger.info("analysis %s is not to be had", analysis_id)
        return
    try:
        with _heartbeat(lease):
            patiently(_attempted(lease))
    except LeaseLost:
        logger.warning("analysis %s: the lease was lost, its result is dropped", analysis_id)
        _leave_nothing(lease)
    except (KeyboardInterrupt, SystemExit):  # told to stop at once
        hand_back(lease)
        raise
    else:
        delete_video_if_unneeded(lease.analysis_id)


def _attempted(lease: Lease) -> Ending:
    """Analyse, and return what writes the end of it."""
    try:
        return _analysed(lease)
    except Cancelled:
        return lease.cancel
    except _HandBack:
        return partial(hand_back, lease)
    except (FacetellError, Problem) as error:
        return partial(lease.fail, error.code, said(error))
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            return _internal(lease)
        no_room = Sentence("no room left on the server; try again later")
        return partial(lease.fail, "disk_full", no_room)
    except LeaseLost:
        raise
    except Exception:
        return _internal(lease)


def _internal(lease: Lease) -> Ending:
    logger.exception("analysis %s failed", lease.analysis_id)
    why = Sentence("an error in this program; its log says more")
    return partial(lease.fail, "internal", why)


def _analysed(lease: Lease) -> Ending:
    reporter = _Reporter(lease)
    analysis = _found(lease)
    if analysis.upload.url:
        patiently(lambda: fetching.bring(analysis.upload, lease, reporter))
        analysis = _found(lease)
    analyzer = _analyzer(analysis)
    path = Path(default_storage.path(analysis.upload.file))
    shown = Path(analysis.upload.name)
    keeper = ShotKeeper()
    try:
        verdict = analyzer.analyze(path, reporter, keeper)
    except FacetellError as error:
        # the sender knows the file by its own name, and not where we keep it
        raise type(error)(_with_name(said(error), path, shown)) from error
    verdict = _renamed(verdict, path, shown)
    # whoever lost the lease must not write over the files of whom has it
    patiently(partial(lease.renew, stage="writing"))
    pictures = artifacts.write(analysis, verdict, analyzer.card, analyzer.options, keeper.shots)
    told = (*verdict.reasons, *verdict.warnings)
    return partial(lease.finish, to_dict(verdict), pictures, told)


def _with_name(message: str, path: Path, shown: Path) -> str:
    if isinstance(message, Sentence) and message.values.get("path") == str(path):
        return message.changed(path=shown)
    return Sentence("{path}: {reason}", path=shown, reason=without_path(message, path))


def _found(lease: Lease) -> Analysis:
    rows = Analysis.objects.select_related("upload")
    return patiently(lambda: rows.get(pk=lease.analysis_id))


def _renamed(verdict: Verdict, path: Path, shown: Path) -> Verdict:
    warnings = tuple(without_path(w, path) for w in verdict.warnings)
    return replace(verdict, path=shown, warnings=warnings)


def _leave_nothing(lease: Lease) -> None:
    """Remove what was written for an analysis that was deleted meanwhile."""
    analysis = Analysis(pk=lease.analysis_id)
    if not patiently(lambda: Analysis.objects.filter(pk=lease.analysis_id).exists()):
        artifacts.remove(analysis.folder)


def _analyzer(analysis: Analysis) -> Analyzer:
    """The loaded model, set to what is asked."""
    count: Frames = "all" if analysis.frames == "all" else int(analysis.frames)
    return loaded(analysis.model).adjusted(
        frames=count, start_s=analysis.start_s, end_s=analysis.end_s, face=analysis.face
    )


def loaded(model: str) -> Analyzer:
    """Return one of this server's models, loaded at the first call.

    Raises:
        ModelError: it cannot be loaded, or is none of this server's any more.
    """
    card = models().get(model)
    if card is None:
        raise ModelNotFound(Sentence("this server has no model {model} any more", model=model))
    return _loaded(str(card.path))


@lru_cache(maxsize=2)
def _loaded(card: str) -> Analyzer:
    return Analyzer(Options(model=card, threads=settings.THREADS, limits=settings.LIMITS))


class _Reporter:
    """The pipeline's progress → the analysis' row, now and then."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stage = ""
        self._last_s = 0.0

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if drain.is_overdue():
            raise _HandBack
        now_s = time.monotonic()
        if stage == self._stage and now_s - self._last_s < REPORT_EVERY_S:
            return
        self._stage, self._last_s = stage, now_s
        try:
            cancelled = self._lease.renew(stage=stage, done=done, total=total)
        except DatabaseError:
            # the result is what matters; the progress can be told later
            logger.warning("analysis %s: cannot write progress", self._lease.analysis_id)
            return
        if cancelled:
            raise Cancelled("somebody asked to cancel")


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
                logger.warning("analysis %s: cannot renew the lease", lease.analysis_id)
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
