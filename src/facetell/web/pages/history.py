"""My analyses: search, choose, delete, download."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from facetell.web.analyses import deletion
from facetell.web.analyses.models import Analysis
from facetell.web.pages import spreadsheet, words
from facetell.web.pages.listing import COLUMNS, Narrowing, deleted_at, own, rows
from facetell.web.pages.posting import post_else

PER_PAGE = 25


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Show one page of the list."""
    narrowing = Narrowing.of(request.GET)
    paginator = Paginator(own(request).filter(narrowing.condition()), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "narrowing": narrowing,
        "page": page,
        "pages": paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "rows": [(analysis, deleted_at(analysis)) for analysis in page],
        "verdicts": words.VERDICTS,
        "statuses": words.STATUSES,
    }
    return render(request, "facetell/history.html", context)


@require_safe
def history_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Send the list, narrowed in the same way, as a table for spreadsheets."""
    chosen = own(request).filter(Narrowing.of(request.GET).condition())
    return spreadsheet.download("facetell-history.csv", COLUMNS, rows(chosen))


@post_else("history")
def remove(request: HttpRequest) -> HttpResponse:
    """Ask whether the chosen analyses shall be deleted; delete them once that was said."""
    chosen = _chosen(request)
    if not chosen.exists():
        return redirect("history")
    if "confirmed" not in request.POST:
        return render(request, "facetell/history_delete.html", {"chosen": chosen})
    number = len(chosen)
    for analysis in chosen:
        deletion.delete(analysis)
    told = ngettext("%(n)d analysis was deleted.", "%(n)d analyses were deleted.", number)
    messages.success(request, told % {"n": number})
    return redirect("history")


def _chosen(request: HttpRequest) -> QuerySet[Analysis]:
    ids = []
    for text in request.POST.getlist("id"):
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return own(request).filter(pk__in=ids)
