"""Addresses of the account pages."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from facetell.web.accounts import joining, key_pages, resetting, views

urlpatterns = [
    path("", views.account, name="account"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("admission/", joining.admission, name="admission"),
    path("join/<str:token>/", joining.join, name="join"),
    path("email/", views.email, name="email"),
    path("forgotten/", resetting.ForgottenPassword.as_view(), name="forgotten"),
    path("forgotten/sent/", resetting.ResetSent.as_view(), name="reset-sent"),
    path("set-password/<uidb64>/<token>/", views.SetPassword.as_view(), name="set-password"),
    path("keys/", key_pages.keys, name="keys"),
    path("keys/<int:key_id>/revoke/", key_pages.revoke, name="revoke-key"),
    path("leave/", views.leave, name="leave"),
]
