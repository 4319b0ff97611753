"""Registers the app with Django."""

from __future__ import annotations

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Pages."""

    name = "facetell.web.pages"
    label = "pages"
