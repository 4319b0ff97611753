"""Registers the app with Django."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class AnalysesConfig(AppConfig):
    """Uploads, analyses and jobs."""

    name = "facetell.web.analyses"
    label = "analyses"

    def ready(self) -> None:
        """Make the folder in which Django keeps the bodies of requests that are under way."""
        Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
