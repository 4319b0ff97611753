"""What an operation answers, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from facetell.web.api.schemas import ProblemBody


def refusals(*statuses: int) -> dict[int, type[ProblemBody]]:
    """Return that each status is told as a problem; a defect of ours, 500, always is."""
    return dict.fromkeys((*statuses, 500), ProblemBody)


def binary(content_type: str) -> dict[str, Any]:
    """Describe an answer that is not JSON."""
    content = {content_type: {"schema": {"type": "string", "format": "binary"}}}
    return {"responses": {200: {"description": "OK", "content": content}}}
