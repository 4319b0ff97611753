"""Registers the app with Django."""

from __future__ import annotations

from django.apps import AppConfig


class AnalysesConfig(AppConfig):
    """Uploads, analyses and jobs."""

    name = "facetell.web.analyses"
    label = "analyses"
