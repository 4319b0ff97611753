"""Jobs, an engine and a folder of results, put together: what `facetell batch` does."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import Protocol

from facetell.batch.results import ResultFolder
from facetell.batch.work import Job, Outcome
from facetell.errors import FacetellError, SourceDenied, SourceUnreachable

GIVE_UP_AFTER = 20
"""So many videos in a row whose source refused or was silent: it is the source, not the videos."""

_SOURCE_ERRORS = {kind.code: kind for kind in (SourceDenied, SourceUnreachable)}


class Engine(Protocol):
    """Runs jobs, as many at a time as it can."""

    def run(self, jobs: Iterable[Job]) -> Generator[Outcome, None, None]:
        """Yield the outcome of each job once, in the order in which they are done.

        Raises:
            FacetellError: no job can be done at all, whatever its file.
        """
        ...


def run(
    jobs: Iterable[Job],
    engine: Engine,
    results: ResultFolder,
    tell: Callable[[Outcome], None],
    give_up_after: int = GIVE_UP_AFTER,
) -> None:
    """Do all jobs and keep each outcome as it comes.

    Args:
        jobs: those that have no row yet, each path once.
        engine: who does them.
        results: where outcomes are kept.
        tell: called with each outcome that was kept.
        give_up_after: so many failures of a source in a row end the run.

    Raises:
        SourceDenied, SourceUnreachable: the source failed that often. Those videos have no row,
            so that the next start tries them again.
        OutputError: the results cannot be written.
        FacetellError: as the engine.
    """
    held: list[Outcome] = []
    with closing(engine.run(jobs)) as outcomes:
        for outcome in outcomes:
            held.append(outcome)
            if outcome.code not in _SOURCE_ERRORS:
                _keep(held, results, tell)
            elif len(held) >= give_up_after:
                raise _given_up(held)
    _keep(held, results, tell)


def _keep(held: list[Outcome], results: ResultFolder, tell: Callable[[Outcome], None]) -> None:
    for outcome in held:
        results.add(outcome)
        tell(outcome)
    held.clear()


def _given_up(held: list[Outcome]) -> FacetellError:
    last = held[-1]
    return _SOURCE_ERRORS[last.code](
        f"stopped after {len(held)} videos in a row that could not be had. "
        f"When that is mended start the same command again. The last: {last.message}"
    )
