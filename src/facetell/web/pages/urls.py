"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path

from facetell.web.pages import (
    about,
    analysis,
    batch,
    compare,
    history,
    live,
    media,
    own_data,
    result,
    share,
    upload,
)

urlpatterns = [
    path("", upload.upload, name="upload"),
    path("sample/", upload.sample, name="sample"),
    path("about/", about.about, name="about"),
    path("privacy/", about.privacy, name="privacy"),
    path("account/data.zip", own_data.own_data, name="own-data"),
    path("live/", live.live, name="live"),
    path("live/ticket/", live.ticket, name="live-ticket"),
    path("analyses/", history.history, name="history"),
    path("analyses/history.csv", history.history_csv, name="history-csv"),
    path("analyses/delete/", history.remove, name="history-delete"),
    path("analyses/<uuid:analysis_id>/", analysis.analysis, name="analysis"),
    path("analyses/<uuid:analysis_id>/cancel/", analysis.cancel, name="cancel"),
    path("analyses/<uuid:analysis_id>/again/", analysis.again, name="again"),
    path("analyses/<uuid:analysis_id>/refine/", result.refine, name="refine"),
    path("analyses/<uuid:analysis_id>/compare/", compare.compare, name="compare"),
    path("analyses/<uuid:analysis_id>/delete/", result.remove, name="delete"),
    path("analyses/<uuid:analysis_id>/video", media.video, name="video"),
    path("analyses/<uuid:analysis_id>/share/", share.share, name="share"),
    path("analyses/<uuid:analysis_id>/share/<uuid:link_id>/", share.revoke, name="revoke"),
    path("shared/<str:token>/", share.shared, name="shared"),
    path("shared/<str:token>/video", share.shared_video, name="shared-video"),
    path(
        "shared/<str:token>/<slug:kind>/<int:number>.jpg",
        share.shared_picture,
        name="shared-picture",
    ),
    path("batches/<uuid:batch_id>/", batch.batch, name="batch"),
    path("batches/<uuid:batch_id>/cancel/", batch.cancel, name="batch-cancel"),
    path("batches/<uuid:batch_id>/batch.csv", batch.batch_csv, name="batch-csv"),
]
