"""Links by which somebody who has an account sets a new password.

A link is signed, good for `PASSWORD_RESET_TIMEOUT` seconds, and once only: it is made of the
password that it replaces (Django's PasswordResetTokenGenerator). So nothing has to be stored.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy

from facetell.web.accounts.people import is_reserved


class AdmissionForm(forms.Form):
    """Whom a link is for."""

    name = forms.CharField(
        max_length=150,
        label=gettext_lazy("User name"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> User:
        """Return who has that name."""
        name = User.normalize_username(str(self.cleaned_data["name"]))
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None or is_reserved(name):
            raise forms.ValidationError(gettext_lazy("Nobody who may sign in has this name."))
        return user


def admit(user: User, by: User) -> str:
    """Return the path at which a user sets a new password.

    Raises:
        PermissionDenied: only a superuser may do so for a member of the staff, who could otherwise
            be impersonated.
    """
    if (user.is_staff or user.is_superuser) and not by.is_superuser:
        raise PermissionDenied
    return reset_path(user)


def reset_path(user: User) -> str:
    """Return the path at which a user sets a new password."""
    parts: dict[str, Any] = {
        "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }
    return reverse("set-password", kwargs=parts)
