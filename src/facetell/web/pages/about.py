"""The models of this server, and what happens with what people send."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from facetell.web.analyses.choices import models
from facetell.web.pages.model_facts import facts_of


@login_not_required
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Show each model's card in plain words."""
    return render(request, "facetell/about.html", {"models": map(facts_of, models().values())})


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is stored, for how long and who sees it, as this server is set."""
    context = {"guests": settings.GUESTS, "tls": settings.BEHIND_TLS}
    return render(request, "facetell/privacy.html", context)
