"""Registers the app with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The REST API."""

    name = "facetell.web.api"
    label = "api"
