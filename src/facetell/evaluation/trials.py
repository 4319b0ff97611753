"""Labelled media → what the shipped pipeline says of each, in several processes that may be killed.

Each process has one thread: two processes of one thread do more files an hour than one of two.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from facetell import ensemble
from facetell.errors import FacetellError, OutputError
from facetell.evaluation.answers import Answer, AnswerBook, Outcome, Trial, answer_of, key_of
from facetell.evaluation.degradations import BY_NAME, JitteredDetector, write_copy
from facetell.faces import load_detector
from facetell.pipeline import Analyzer, sha256_of
from facetell.report.pictures import face_jpeg, heat_jpeg
from facetell.train.layouts import Media, Tree
from facetell.train.progress import FileProgress
from facetell.train.workers import Crashed, Workforce
from facetell.verdict import Verdict, error_verdict
from facetell.weights import ModelCard

FACES = "faces"
"""The folder of the pictures of the most suspicious faces."""

PICTURE_PX = 112
"""Side of a face in them."""

CRASHED = Answer(
    "error", None, message="the process that read it ended: a decoder crashed, or memory ran out"
)


@dataclass(frozen=True, slots=True)
class Job:
    """One file in one trial; `key` names its answer."""

    media: Media
    trial: Trial
    key: str


def run_trials(
    media: Sequence[Media], tree: Tree, trials: Sequence[Trial], out: Path, workers: int
) -> dict[Trial, list[Outcome]]:
    """Put all files through all trials; what `out` already holds is not done again.

    Args:
        media: what to judge.
        tree: where it lies.
        trials: the settings; those whose degradation needs time skip pictures by an error.
        out: folder of the answers and of pictures of faces.
        workers: processes.

    Raises:
        OutputError: `out` cannot be written; what was finished is kept.
        ModelError: the model cannot be used.
    """
    for trial in trials:  # before any worker fails at it
        ensemble.find(trial.options.model)
    book = AnswerBook(out)
    try:
        hashes = {m.file: _sha256(tree, m.file) for m in media}
        _answer_all(media, tree, trials, hashes, book, out, workers)
        return {t: [_outcome(m, t, hashes[m.file], book) for m in media] for t in trials}
    finally:
        book.close()


def _sha256(tree: Tree, file: str) -> str | None:
    try:
        with tree.opened(file) as path:
            return sha256_of(path)
    except (FacetellError, OSError):
        return None


def _key(media: Media, trial: Trial, sha256: str | None) -> str:
    return key_of(sha256 or media.file, _card(str(trial.options.model)), trial)


@lru_cache(maxsize=8)
def _card(model: str) -> ModelCard:
    return ensemble.find(model)


def _answer_all(
    media: Sequence[Media],
    tree: Tree,
    trials: Sequence[Trial],
    hashes: dict[str, str | None],
    book: AnswerBook,
    out: Path,
    workers: int,
) -> None:
    jobs = list(_missing(media, trials, hashes, book))
    if not jobs:
        return
    faces = out / FACES
    try:
        faces.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{faces}: {error.strerror}") from error
    progress = FileProgress(len(jobs))
    force = Workforce(_work, _set_up, (tree, faces), min(workers, len(jobs)))
    for job, answer in force.run(jobs):
        # A process may have been ended for want of memory: that says nothing of the file.
        if isinstance(answer, Crashed):
            book.add(job.key, CRASHED, keep=False)
        else:
            book.add(job.key, answer)
        progress.step(skipped=isinstance(answer, Crashed) or answer.label == "error")
    progress.finish()


def _missing(
    media: Sequence[Media],
    trials: Sequence[Trial],
    hashes: dict[str, str | None],
    book: AnswerBook,
) -> Iterator[Job]:
    """List what is not answered yet; the same file under two names is done once."""
    listed = set()
    for trial in trials:
        for item in media:
            key = _key(item, trial, hashes[item.file])
            if book.get(key) is None and key not in listed:
                listed.add(key)
                yield Job(item, trial, key)


def _outcome(media: Media, trial: Trial, sha256: str | None, book: AnswerBook) -> Outcome:
    answer = book.get(_key(media, trial, sha256))
    assert answer is not None, media.file
    return Outcome(media, answer, sha256)


# What follows runs in the workers.

_equipment: list[tuple[Tree, Path]] = []


def _set_up(tree: Tree, faces: Path) -> None:
    _equipment[:] = [(tree, faces)]
    cv2.setNumThreads(1)


@lru_cache(maxsize=1)
def _analyzer(trial: Trial) -> Analyzer:
    options = replace(trial.options, threads=1, max_evidence=1)
    jitter = BY_NAME[trial.degradation].jitter if trial.degradation else 0.0
    detector = load_detector(1)
    return Analyzer(options, JitteredDetector(detector, jitter) if jitter else detector)


def _work(job: Job) -> Answer:
    ((tree, faces),) = _equipment
    analyzer = _analyzer(job.trial)
    try:
        with tree.opened(job.media.file) as path:
            verdict = _judge(analyzer, path, job.trial.degradation)
    except Exception as error:
        # One bad file must not end an evaluation of thousands.
        verdict = error_verdict(Path(job.media.file), error)
    picture = ""
    if verdict.evidence and not job.trial.degradation:
        picture = _write_picture(verdict, faces / f"{job.key}.jpg")
    return answer_of(verdict, picture)


def _judge(analyzer: Analyzer, path: Path, degradation: str) -> Verdict:
    if not degradation:
        return analyzer.analyze(path)
    with tempfile.TemporaryDirectory(prefix="facetell-") as folder:
        copy = write_copy(path, Path(folder), BY_NAME[degradation])
        return analyzer.analyze(copy)


def _write_picture(verdict: Verdict, target: Path) -> str:
    """Write the most suspicious face and its heat map side by side."""
    found = max(verdict.evidence, key=lambda evidence: evidence.p_fake)
    pair = np.concatenate([_decoded(draw(found)) for draw in (face_jpeg, heat_jpeg)], 1)
    cv2.imwrite(str(target), pair, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return target.name


def _decoded(jpeg: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    side = (PICTURE_PX, PICTURE_PX)
    return np.asarray(cv2.resize(picture, side, interpolation=cv2.INTER_AREA), np.uint8)
