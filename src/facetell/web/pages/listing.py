"""A person's analyses, narrowed by what the address asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date

from facetell.report.csv_report import safe_cell
from facetell.verdict import LABELS
from facetell.web.analyses.models import Analysis, Status

COLUMNS = (
    *("file", "sha256", "status", "verdict", "p_fake", "frames", "model"),
    *("sent_at", "finished_at", "deleted_on", "error"),
)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What to list; what cannot be understood is as if it was not asked.

    Attributes:
        words: a part of the file's name, or the beginning of its hash.
        verdict, status: only these; empty for all.
        since, until: days of sending, both included.
    """

    words: str = ""
    verdict: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Narrowing:
        """Read it from an address."""
        verdict, status = query.get("verdict", ""), query.get("status", "")
        return cls(
            words=query.get("q", "").replace("\0", "").strip(),
            verdict=verdict if verdict in LABELS else "",
            status=status if status in Status.values else "",
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
        )

    def __bool__(self) -> bool:
        return self != Narrowing()

    def condition(self) -> Q:
        """Return it for the database."""
        condition = Q()
        if self.words:
            by_hash = Q(upload__sha256__startswith=self.words.lower())
            condition &= Q(upload__name__icontains=self.words) | by_hash
        if self.verdict:
            condition &= Q(label=self.verdict)
        if self.status:
            condition &= Q(status=self.status)
        if self.since:
            condition &= Q(created_at__date__gte=self.since)
        if self.until:
            condition &= Q(created_at__date__lte=self.until)
        return condition


def own(request: HttpRequest) -> QuerySet[Analysis]:
    """Return one's own analyses, the latest first."""
    return Analysis.objects.filter(owner_id=request.user.pk).select_related("upload")


def deleted_at(analysis: Analysis) -> datetime | None:
    """When the server will delete an analysis; None if it has not ended or nothing is planned."""
    if not settings.RETENTION_DAYS or analysis.finished_at is None:
        return None
    return analysis.finished_at + timedelta(days=settings.RETENTION_DAYS)


def rows(analyses: QuerySet[Analysis]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of a table for spreadsheets, in the order of COLUMNS."""
    for analysis in analyses.iterator(chunk_size=500):
        deleted = deleted_at(analysis)
        yield (
            safe_cell(analysis.upload.name),
            analysis.upload.sha256,
            analysis.status,
            analysis.label,
            "" if analysis.p_fake is None else f"{analysis.p_fake:.6f}",
            analysis.frames,
            safe_cell(analysis.model),
            analysis.created_at.isoformat(timespec="seconds"),
            analysis.finished_at.isoformat(timespec="seconds") if analysis.finished_at else "",
            deleted.date().isoformat() if deleted else "",
            safe_cell(analysis.error_message),
        )


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
