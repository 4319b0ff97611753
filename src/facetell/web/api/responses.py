"""The refusals of an operation, for the OpenAPI document."""

from __future__ import annotations

from facetell.web.api.schemas import ProblemBody


def refusals(*statuses: int) -> dict[int, type[ProblemBody]]:
    """Return that each status is told as a problem; a defect of ours, 500, always is."""
    return dict.fromkeys((*statuses, 500), ProblemBody)
