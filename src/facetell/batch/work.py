"""A job → its outcome: the one function a video that every engine runs, in a process of its own."""

from __future__ import annotations

import faulthandler
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facetell.batch.storage import local_copy
from facetell.errors import FacetellError, InputChanged, WorkerLost
from facetell.options import Options
from facetell.pipeline import Analyzer, sha256_of
from facetell.report.json_report import to_dict
from facetell.verdict import Label, ModelReference, Verdict, error_verdict


@dataclass(frozen=True, slots=True)
class Job:
    """One video or picture to analyse.

    Attributes:
        path: as it was given or found; names the row of the result.
        location: where a worker finds it: an absolute path, or an address.
    """

    path: str
    location: str

    @classmethod
    def of(cls, path: str) -> Job:
        """Make the job of a path or address as it was given."""
        return cls(path, path if "://" in path else os.path.abspath(path))  # noqa: PTH100 - as given


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    Attributes:
        path: of the job.
        label: of the verdict.
        code: of the error, or empty.
        message: of the error, or empty.
        line: the verdict as a line of JSON, with `attempts`.
    """

    path: str
    label: Label
    code: str
    message: str
    line: str

    @classmethod
    def read(cls, line: str) -> Outcome:
        """Read back the outcome that such a line tells."""
        told = json.loads(line)
        error = told["error"] or {"code": "", "message": ""}
        return cls(told["path"], told["label"], error["code"], error["message"], line)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker needs to know.

    Attributes:
        options: of the analysis; a worker has one thread for its models.
        timeout_s: a video that takes longer ends its worker; 0 waits for ever.
        scratch: folder for copies of what lies in buckets; the system's by default.
    """

    options: Options
    timeout_s: float = 0.0
    scratch: str | None = None


class Analyst:
    """Analyses one video after the other, with the models loaded once.

    Args:
        settings: of all videos.
        analyzer: by default one that loads the model of the settings.

    Raises:
        ModelError: the model cannot be used.
    """

    def __init__(self, settings: Settings, analyzer: Analyzer | None = None) -> None:
        self._settings = settings
        self._analyzer = analyzer or Analyzer(settings.options)

    def analyse(self, job: Job, attempt: int = 1) -> Outcome:
        """Analyse one video; whatever goes wrong with it is its outcome."""
        with _time_limit(self._settings.timeout_s):
            started_s = time.perf_counter()
            try:
                with local_copy(job.location, self._settings.scratch) as path:
                    verdict = self._verdict(path, started_s)
                return _outcome(job, verdict, attempt, path)
            except FacetellError as error:  # it could not be had
                verdict = self._failed(Path(job.location), error, None, started_s)
                return _outcome(job, verdict, attempt)

    def _verdict(self, path: Path, started_s: float) -> Verdict:
        before = _state(path)
        try:
            verdict = self._analyzer.analyze(path)
        except Exception as error:
            verdict = self._failed(path, error, _sha256_if_file(path), started_s)
        if _state(path) != before:
            changed = f"{path}: changed while it was read; is it still being uploaded?"
            return self._failed(path, InputChanged(changed), None, started_s)
        return verdict

    def _failed(
        self, path: Path, error: Exception, sha256: str | None, started_s: float
    ) -> Verdict:
        return error_verdict(
            path,
            error,
            sha256=sha256,
            model=ModelReference.of(self._analyzer.card),
            elapsed_s=time.perf_counter() - started_s,
        )


def failed(job: Job, error: FacetellError, attempts: int) -> Outcome:
    """Make the outcome of a job that no worker could do, or should."""
    return _outcome(job, error_verdict(Path(job.location), error), attempts)


def lost(job: Job, attempts: int, why: str) -> Outcome:
    """Make the outcome of a job whose worker ended each time."""
    times = "once" if attempts == 1 else f"{attempts} times"
    return failed(job, WorkerLost(f"{job.path}: its worker was ended {times}: {why}"), attempts)


def _outcome(job: Job, verdict: Verdict, attempts: int, read: Path | None = None) -> Outcome:
    told = _renamed(to_dict(verdict), str(read or job.location), job.path)
    told["path"], told["attempts"] = job.path, attempts
    return Outcome.read(json.dumps(told, allow_nan=False))


def _renamed(value: Any, path: str, name: str) -> Any:
    """Call the file in all sentences as its user does, not as the copy that was read."""
    if isinstance(value, str):
        return value.replace(path, name)
    if isinstance(value, list):
        return [_renamed(each, path, name) for each in value]
    if isinstance(value, dict):
        return {key: _renamed(each, path, name) for key, each in value.items()}
    return value


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _sha256_if_file(path: Path) -> str | None:
    try:
        return sha256_of(path) if path.is_file() else None
    except (OSError, ValueError, FacetellError):
        return None


@contextmanager
def _time_limit(limit_s: float) -> Iterator[None]:
    """End this process if it takes longer: a decoder that hangs cannot be stopped otherwise.

    The timer is a thread of C, which a hang that holds Python's lock does not stop.
    """
    if not limit_s:
        yield
        return
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(limit_s, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
