"""What the server is and how it does: models, health, readiness."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from facetell import __version__
from facetell.web.analyses.choices import DEFAULT_MODEL, frame_choices, models
from facetell.web.analyses.models import Analysis, Status
from facetell.web.api.problems import NotReady
from facetell.web.api.responses import refusals
from facetell.weights import ModelCard

logger = logging.getLogger(__name__)
router = Router(tags=["server"])


class Measured(Schema):
    """A number of the model's card with its 95 % interval."""

    name: str
    value: float
    low: float | None
    high: float | None
    sample: str


class Model(Schema):
    """A model that may be chosen."""

    name: str
    version: str
    purpose: str
    is_default: bool
    sha256: str
    fake_from: float = Field(description="p_fake at or above: fake")
    real_to: float = Field(description="p_fake at or below: real")
    trained_on: str
    terms: str
    limits: list[str]
    metrics: list[Measured]


class ModelList(Schema):
    """The models of this server."""

    items: list[Model]
    frame_choices: list[str] = Field(description="what the pages offer; other numbers work too")


class Health(Schema):
    """That the web server answers."""

    status: str = Field(examples=["ok"])
    version: str


@router.get(
    "/models",
    operation_id="list_models",
    summary="The models of this server",
    response={200: ModelList, **refusals(401, 429)},
)
def list_models(request: HttpRequest) -> ModelList:  # noqa: ARG001 (ninja's)
    """List what `model` may be, with what was measured of each."""
    items = [_model(card) for card in models().values()]
    return ModelList(items=items, frame_choices=list(frame_choices()))


@router.get(
    "/ready",
    auth=None,
    operation_id="ready",
    summary="Whether files can be analysed now",
    response={200: Health, **refusals(429, 503)},
)
def ready(request: HttpRequest) -> Health:  # noqa: ARG001
    """Ask the database, write to the storage, and look whether the queue moves; needs no key.

    Raises:
        NotReady: one of them does not answer.
    """
    try:
        stuck = _is_stuck()
        default_storage.delete(default_storage.save("ready", ContentFile(b"")))
    except (DatabaseError, OSError) as error:
        logger.warning("not ready: %s", error)
        raise NotReady("database or storage do not answer; the log says more") from error
    if stuck:
        raise NotReady("analyses wait and no worker takes them; is one running?")
    return Health(status="ok", version=__version__)


@router.get(
    "/health",
    auth=None,
    operation_id="health",
    summary="Whether the web server answers",
    response={200: Health, **refusals(429)},
)
def health(request: HttpRequest) -> Health:  # noqa: ARG001
    """Answer without looking at anything else; needs no key."""
    return Health(status="ok", version=__version__)


def _is_stuck() -> bool:
    """Whether something waits that a worker would have taken by now, and none is at work."""
    now = timezone.now()
    waited = now - timedelta(seconds=2 * settings.LEASE_S)
    return (
        Analysis.objects.filter(status=Status.QUEUED, created_at__lt=waited).exists()
        and not Analysis.objects.filter(lease_until__gt=now).exists()
        and not Analysis.objects.filter(finished_at__gt=waited).exists()
    )


def _model(card: ModelCard) -> Model:
    return Model(
        name=card.name,
        version=card.version,
        purpose=card.purpose,
        is_default=card.name == DEFAULT_MODEL,
        sha256=card.sha256,
        fake_from=card.thresholds.fake,
        real_to=card.thresholds.real,
        trained_on=card.trained_on,
        terms=card.terms,
        limits=list(card.limits),
        metrics=[
            Measured(name=m.name, value=m.value, low=m.low, high=m.high, sample=m.sample)
            for m in card.metrics
        ],
    )
