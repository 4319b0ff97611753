"""The page of somebody's API keys: make one, see it once, revoke it."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from facetell.web.accounts.keys import list_keys, make_key, revoke_key
from facetell.web.accounts.models import Scope
from facetell.web.accounts.people import is_guest

LIFETIMES_DAYS = (30, 90, 365)
SELECT = {"class": "form-select"}


def _lifetimes() -> list[tuple[str, str]]:
    days = [(str(n), ngettext("%(n)d day", "%(n)d days", n) % {"n": n}) for n in LIFETIMES_DAYS]
    return [*days, ("", str(gettext_lazy("until revoked")))]


class KeyForm(forms.Form):
    """What a new key is called, may do, and how long."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    scope = forms.ChoiceField(
        label=gettext_lazy("It may"),
        widget=forms.Select(attrs=SELECT),
        choices=[
            (Scope.READ, gettext_lazy("read")),
            (Scope.WRITE, gettext_lazy("read, send, cancel and delete")),
        ],
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("It is good for"),
        widget=forms.Select(attrs=SELECT),
        initial="90",
        choices=_lifetimes,
        coerce=int,
        empty_value=None,
        required=False,
    )


@login_required
@sensitive_variables("secret")
def keys(request: HttpRequest) -> HttpResponse:
    """List the keys; POST makes one and shows it, this once.

    Raises:
        Http404: a guest, whom nobody could tell that a key was stolen.
    """
    owner, secret = _owner(request), ""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        scope = Scope(chosen["scope"])
        _, secret = make_key(owner, chosen["name"], scope, chosen["days"])
        form = KeyForm()
    return render(
        request,
        "accounts/keys.html",
        {"form": form, "secret": secret, "keys": list_keys(owner)},
    )


@login_required
@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """Make a key worthless at once.

    Raises:
        Http404: there is no such key in use, or it is another's.
    """
    if not revoke_key(_owner(request), key_id):
        raise Http404
    return redirect("keys")


def _owner(request: HttpRequest) -> User:
    owner = cast(User, request.user)
    if is_guest(owner):
        raise Http404
    return owner
