"""The forms of signing in, joining and being reached by e-mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from facetell.web.accounts import throttle
from facetell.web.accounts.people import is_reserved


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


class JoinForm(UserCreationForm[User]):
    """What who was invited chooses: a name, a password, and an e-mail address if they like."""

    email = forms.EmailField(
        required=False,
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("May stay empty. It is used for one thing: a forgotten password."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")

    def clean_username(self) -> str:
        """Refuse the names that this program gives out itself, and those that others have."""
        name = str(super().clean_username())
        if is_reserved(name):
            raise ValidationError(gettext_lazy("This name is taken; choose another."))
        return name


class EmailForm(forms.Form):
    """An e-mail address; the password proves that it is not somebody at an open browser."""

    email = forms.EmailField(
        required=False,
        label=gettext_lazy("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        strip=False,
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data, initial={"email": user.email})
        self._user = user

    def clean_password(self) -> str:
        """Check the password."""
        password = str(self.cleaned_data["password"])
        if not self._user.check_password(password):
            raise ValidationError(gettext_lazy("This is not your password."))
        return password
