"""The staff's page of links, and the page at which who was invited makes an account."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from facetell.web.accounts import invitations
from facetell.web.accounts.admission import AdmissionForm, admit
from facetell.web.accounts.forms import JoinForm
from facetell.web.accounts.gate import MODEL_BACKEND
from facetell.web.accounts.models import Invitation
from facetell.web.accounts.views import require_accounts, take_over


@login_required
@sensitive_variables("path", "shown")
def admission(request: HttpRequest) -> HttpResponse:
    """The staff's page: an invitation, or a link for one who forgot the password.

    Raises:
        Http404: there are no accounts, or the user is no member of the staff.
    """
    require_accounts()
    user, asked = cast(User, request.user), request.POST
    if not user.is_staff:
        raise Http404
    form, path, days = AdmissionForm(), "", invitations.DAYS
    if "invite" in asked:
        path = reverse("join", args=[invitations.token_of(invitations.invite(user))])
    elif "revoke" in asked:
        revoke(asked["revoke"])
    elif request.method == "POST" and (form := AdmissionForm(asked)).is_valid():
        path = admit(form.cleaned_data["name"], user)
        days = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
    shown = {
        "form": form,
        "days": days,
        "link": request.build_absolute_uri(path) if path else "",
        "invitations": invitations.open_invitations(),
    }
    return render(request, "accounts/admission.html", shown)


@sensitive_post_parameters()
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account for who was invited, and sign them in.

    Raises:
        Http404: there are no accounts.
    """
    require_accounts()
    invitation = invitations.invitation_of(token)
    if invitation is None:
        return render(request, "accounts/join.html", status=410)
    form = JoinForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/join.html", {"form": form})
    user = invitations.accept(invitation, form)
    if user is None:
        return render(request, "accounts/join.html", status=410)
    take_over(request, user)
    login(request, user, backend=MODEL_BACKEND)
    return redirect("upload")


def revoke(number: str) -> None:
    """Make an invitation lead nowhere."""
    for invitation in invitations.open_invitations():
        if str(invitation.pk) == number:
            Invitation.objects.filter(pk=invitation.pk).delete()
