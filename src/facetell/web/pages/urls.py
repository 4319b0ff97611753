"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path

from facetell.web.pages import analysis, batch, upload

urlpatterns = [
    path("", upload.upload, name="upload"),
    path("sample/", upload.sample, name="sample"),
    path("analyses/<uuid:analysis_id>/", analysis.analysis, name="analysis"),
    path("analyses/<uuid:analysis_id>/cancel/", analysis.cancel, name="cancel"),
    path("analyses/<uuid:analysis_id>/again/", analysis.again, name="again"),
    path("batches/<uuid:batch_id>/", batch.batch, name="batch"),
]
