"""GET /metrics: the state of the jobs as Prometheus reads it.

Everything is counted in the database, so each web process tells the same. Analyses are deleted in
time, so the numbers are gauges: they can fall.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, F, Min, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.security.apikey import APIKeyCookie
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from facetell.web.accounts.exposure import is_near
from facetell.web.analyses.models import Analysis, Status
from facetell.web.api.authentication import Key
from facetell.web.api.problems import Unauthorized
from facetell.web.api.responses import binary, refusals

router = Router(tags=["server"])


class Near(APIKeyCookie):
    """The machine itself: what watches a server runs beside it."""

    def __call__(self, request: HttpRequest) -> bool:
        """Let this machine in.

        Raises:
            Unauthorized: it is another, and shows no key.
        """
        if not is_near(request):
            raise Unauthorized("numbers are for this machine, or for whoever sends a key")
        return True

    def authenticate(self, request: HttpRequest, key: str | None) -> None:
        """Never asked."""


class Jobs(Collector):
    """What is in the table of analyses."""

    def collect(self) -> Iterator[Metric]:
        """Count."""
        yield from _queue()
        yield _counted("analyses", "Analyses by state and verdict.", ("status", "label"))
        yield _counted("failed", "Failed analyses by error.", ("error_code",), status=Status.FAILED)
        yield from _durations()


@router.get(
    "/metrics",
    auth=[Key(), Near()],
    operation_id="metrics",
    summary="Numbers for Prometheus",
    response={200: None, **refusals(401, 429)},
    openapi_extra=binary("text/plain"),
)
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (ninja's)
    """Send the numbers in Prometheus' text format; needs a key from another machine only."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Jobs())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _queue() -> Iterator[Metric]:
    waiting = Analysis.objects.filter(status=Status.QUEUED)
    found = waiting.aggregate(number=Count("pk"), oldest=Min("created_at"))
    age_s = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    yield _gauge("queued", "Analyses that wait.", found["number"])
    yield _gauge("queue_age_seconds", "How long the oldest has waited.", age_s)


def _durations() -> Iterator[Metric]:
    spent = Sum(F("finished_at") - F("started_at"))
    done = Analysis.objects.filter(status=Status.DONE, started_at__isnull=False)
    seconds = GaugeMetricFamily(
        "facetell_analysis_seconds_sum", "Seconds spent on what is done.", labels=["model"]
    )
    for model, total in done.order_by().values_list("model").annotate(spent=spent):
        seconds.add_metric([model], total.total_seconds())
    yield seconds
    yield _counted("analysis_seconds_count", "What is done.", ("model",), status=Status.DONE)


def _counted(name: str, told: str, columns: tuple[str, ...], **wanted: str) -> Metric:
    family = GaugeMetricFamily(f"facetell_{name}", told, labels=columns)
    rows = Analysis.objects.filter(**wanted).order_by()
    for *values, number in rows.values_list(*columns).annotate(number=Count("pk")):
        family.add_metric(values, number)
    return family


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"facetell_{name}", told, value=value)
