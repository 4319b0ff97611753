"""What is wrong, for a page's script: a few words instead of another page."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, and not a person who waits for a page."""
    return request.headers.get("accept") == "application/json"


def refusal(code: str, detail: str, status: int) -> JsonResponse:
    """Return a problem as a script reads it."""
    return JsonResponse({"code": code, "detail": detail}, status=status)
