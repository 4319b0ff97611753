"""Webhooks: addresses that are told when an analysis ends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from ninja import Form, Router, Schema
from pydantic import Field

from facetell.web.accounts.people import is_guest
from facetell.web.api.answers import json_answer
from facetell.web.api.authentication import owner_of
from facetell.web.api.problems import Forbidden, NotFound
from facetell.web.api.responses import refusals
from facetell.web.api.schemas import ROOT
from facetell.web.webhooks.models import Webhook
from facetell.web.webhooks.registration import register
from facetell.web.webhooks.signing import secret_of

router = Router(tags=["webhooks"])


class WebhookBody(Schema):
    """An address that is told when one of your analyses ends."""

    id: UUID
    url: str
    created_at: datetime
    waiting: int = Field(description="messages that are still to be delivered")
    last_at: datetime | None = Field(description="the last attempt to deliver one")
    last_result: str | None = Field(description="delivered, or why not")


class NewWebhook(WebhookBody):
    """A webhook with its secret."""

    secret: str = Field(description="shown this once; signs each message", examples=["whsec_…"])


class WebhookList(Schema):
    """Your webhooks."""

    items: list[WebhookBody]


@router.post(
    "/webhooks",
    operation_id="create_webhook",
    summary="Be told when an analysis ends",
    response={201: NewWebhook, **refusals(400, 401, 403, 409, 422, 429)},
)
def create(
    request: HttpRequest,
    url: Annotated[str, Form(description="of a host that the operator allows")],
) -> HttpResponse:
    """Register an address for all your analyses; docs/webhooks.md tells what it gets."""
    owner = owner_of(request)
    if is_guest(owner):
        raise Forbidden("guests have no webhooks; sign in first")
    made = register(owner, url)
    response = json_answer(
        request, NewWebhook.model_validate(_facts(made, 0) | {"secret": secret_of(made.pk)})
    )
    response.status_code = 201
    response["Cache-Control"] = "no-store"
    response["Location"] = f"{ROOT}/webhooks"
    return response


@router.get(
    "/webhooks",
    operation_id="list_webhooks",
    summary="Your webhooks, and how they do",
    response={200: WebhookList, 304: None, **refusals(401, 422, 429)},
)
def list_webhooks(request: HttpRequest) -> HttpResponse:
    """List them, without their secrets."""
    rows = Webhook.objects.filter(owner=owner_of(request)).annotate(waiting=Count("deliveries"))
    items = [WebhookBody.model_validate(_facts(row, row.waiting)) for row in rows]
    return json_answer(request, WebhookList(items=items))


@router.delete(
    "/webhooks/{uuid:webhook_id}",
    operation_id="delete_webhook",
    summary="Be told no more",
    response={204: None, **refusals(401, 403, 404, 422, 429)},
)
def delete_webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Delete a webhook, its secret and what it has not been told yet."""
    deleted, _ = Webhook.objects.filter(pk=webhook_id, owner=owner_of(request)).delete()
    if not deleted:
        raise NotFound(f"there is no webhook {webhook_id}")
    return HttpResponse(status=204)


def _facts(webhook: Webhook, waiting: int) -> dict[str, object]:
    return {
        "id": webhook.pk,
        "url": webhook.url,
        "created_at": webhook.created_at,
        "waiting": waiting,
        "last_at": webhook.last_at,
        "last_result": webhook.last_result or None,
    }
