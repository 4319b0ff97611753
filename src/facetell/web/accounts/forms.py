"""The sign-in form, which gives nobody endless attempts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from facetell.web.accounts import throttle


class SignInForm(AuthenticationForm):
    """Django's form; names that exist and names that don't get the same answers."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "blocked": gettext_lazy("Too many attempts. Wait a quarter of an hour, then try again."),
    }

    def clean(self) -> dict[str, Any]:
        """Check name and password.

        Raises:
            ValidationError: they are wrong, or there were too many attempts.
        """
        name = str(self.cleaned_data.get("username", ""))
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        if throttle.is_blocked(name, address):
            raise ValidationError(self.error_messages["blocked"], code="blocked")
        try:
            return super().clean()
        except ValidationError:
            throttle.count_failure(name, address)
            raise
