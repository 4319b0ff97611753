"""Links by which somebody sets a password: a new person, or one who forgot theirs.

A link is signed, good for `PASSWORD_RESET_TIMEOUT` seconds, and once only: it is made of the
password that it replaces (Django's PasswordResetTokenGenerator). So nothing has to be stored.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy

from facetell.web.accounts.people import GUEST_PREFIX, SOLE_USER


class AdmissionForm(forms.Form):
    """Whom a link is for."""

    name = forms.CharField(
        max_length=150,
        label=gettext_lazy("User name"),
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        """Refuse the names that this program gives out itself."""
        name = User.normalize_username(str(self.cleaned_data["name"]))
        if name == SOLE_USER or name.startswith(GUEST_PREFIX):
            raise forms.ValidationError(gettext_lazy("This name is taken; choose another."))
        return name


def admit(name: str, by: User) -> str:
    """Return the address at which this person sets a password; make them if they are new.

    Raises:
        PermissionDenied: only a superuser may do so for a member of the staff, who could otherwise
            be impersonated, and nobody for a user who is switched off.
    """
    user, made = User.objects.get_or_create(username=name)
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if not user.is_active or ((user.is_staff or user.is_superuser) and not by.is_superuser):
        raise PermissionDenied
    parts: dict[str, Any] = {
        "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }
    return reverse("set-password", kwargs=parts)
