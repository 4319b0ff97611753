"""Scoring for many workers at once, on GPUs: clips of several videos in one run of the model.

Workers decode and look for faces on CPU cores; what they hand on is small (a clip of 5 crops is
750 kB). While an answer is awaited a worker reads on.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from facetell import ensemble
from facetell.clips import Clip
from facetell.errors import WorkerLost
from facetell.options import Options
from facetell.scorer import ClipScore, Ensemble

BATCH_CLIPS = 32
"""Most clips in one run."""
AHEAD = 4
"""Clips that a worker has sent and has no answer for yet."""

Views = Sequence[Clip]
"""One clip as each member of the model sees it."""
_Waiting = tuple[Views, "Future[ClipScore]"]


class ScoringActor:
    """Holds the model and answers many callers; each call is in a thread of its own.

    Args:
        options: of the analysis.
        gpu: run the model on a GPU.

    Raises:
        ModelError: it cannot be loaded, or there is no GPU.
    """

    def __init__(self, options: Options, gpu: bool) -> None:
        card = ensemble.find(options.model)
        threads = 0 if gpu else options.threads
        self._model = Ensemble(card, threads, options.runtime, BATCH_CLIPS, gpu)
        self._batcher = Batcher(lambda views: list(self._model.score(views)))

    def ready(self) -> bool:
        """Answer when the model is loaded."""
        return True

    def score(self, views: Views) -> ClipScore:
        """Score one clip, together with those of other callers.

        The crops are left out of the answer: whoever asks has them.
        """
        score = self._batcher.score(views)
        return replace(score, crops=score.crops[:0])


class Batcher:
    """Collects what several threads ask for, and asks once.

    Args:
        score: scores a list of clips.
        most: in one list.
    """

    def __init__(
        self, score: Callable[[list[Views]], list[ClipScore]], most: int = BATCH_CLIPS
    ) -> None:
        self._score = score
        self._most = most
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def score(self, views: Views) -> ClipScore:
        """Wait for the answer to one clip; whatever `score` raises is raised here."""
        answer: Future[ClipScore] = Future()
        self._waiting.put((views, answer))
        return answer.result()

    def _run(self) -> None:
        # No wait for more: while one batch is scored the next one gathers by itself.
        while True:
            batch = [self._waiting.get()]
            while len(batch) < self._most and not self._waiting.empty():
                batch.append(self._waiting.get())
            self._answer(batch)

    def _answer(self, batch: list[_Waiting]) -> None:
        try:
            scores = self._score([views for views, _ in batch])
        except Exception as error:
            for _, answer in batch:
                answer.set_exception(error)
            return
        for (_, answer), score in zip(batch, scores, strict=True):
            answer.set_result(score)


class RemoteScorer:
    """Stands in a worker for the model that a scoring actor holds.

    Args:
        actor: handle of a `ScoringActor`.
    """

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def score(self, views: Iterable[Views], keep_features: bool = False) -> Iterator[ClipScore]:
        """Score clips in their order.

        Raises:
            WorkerLost: the actor ended, and so did those that Ray put in its place.
        """
        del keep_features  # a batch keeps none
        under_way: deque[tuple[Views, Any]] = deque()
        for clips in views:
            under_way.append((clips, self._actor.score.remote(clips)))
            if len(under_way) > AHEAD:
                yield _answered(*under_way.popleft())
        while under_way:
            yield _answered(*under_way.popleft())


def _answered(clips: Views, answer: Any) -> ClipScore:
    import ray

    try:
        score: ClipScore = ray.get(answer)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise WorkerLost(f"the process that scores for all was ended: {error}") from error
    return replace(score, crops=clips[0].pixels.transpose(0, 2, 3, 1))
