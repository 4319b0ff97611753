"""Addresses below /api/v1/."""

from __future__ import annotations

from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from facetell.web.api.reference import reference
from facetell.web.api.v1 import api, nowhere

urlpatterns = [
    path("docs", reference, name="api-docs"),
    path("", api.urls),
    re_path("", csrf_exempt(nowhere)),  # a wrong address is no question of tokens
]
