"""Rows → a CSV file that is sent while it is written."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def download(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]
) -> StreamingHttpResponse:
    """Return rows of text as a file to save."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow(columns)
        for row in rows:
            yield writer.writerow(row)

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
