"""What the server is and how it does: models, health, readiness."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from facetell import __version__
from facetell.web.analyses.choices import DEFAULT_MODEL, frame_choices, models
from facetell.web.api.responses import refusals
from facetell.weights import ModelCard

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
    "/health",
    auth=None,
    operation_id="health",
    summary="Whether the web server answers",
    response={200: Health, **refusals(429)},
)
def health(request: HttpRequest) -> Health:  # noqa: ARG001
    """Answer without looking at anything else; needs no key."""
    return Health(status="ok", version=__version__)


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
