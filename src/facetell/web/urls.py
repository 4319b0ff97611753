"""Where everything is."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("facetell.web.api.urls")),
    path("account/", include("facetell.web.accounts.urls")),
    path("", include("facetell.web.pages.urls")),
]

handler400 = "facetell.web.pages.faults.bad_request"
handler403 = "facetell.web.pages.faults.forbidden"
handler404 = "facetell.web.pages.faults.not_found"
handler500 = "facetell.web.pages.faults.broken"
