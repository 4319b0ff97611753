"""A forgotten password: who gives an e-mail address is sent a link, if somebody has that address.

Whether anybody has it shows nowhere. The answer is the same, and comes after the same time, because
another thread looks and sends.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.views import PasswordResetDoneView, PasswordResetView
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from facetell.web.accounts import counts

WINDOW_S = 60 * 60
MOST_FOR_ADDRESS, MOST_FOR_EMAIL = 10, 3
"""Within the window: requests from one address of the network, and letters to one of e-mail."""


class ForgottenForm(PasswordResetForm):
    """Django's form, which sends in a thread of its own."""

    def save(self, *arguments: Any, **options: Any) -> None:
        """Look for whoever has the address, and write to them in the language of who asks."""
        language = get_language()

        def send() -> None:
            try:
                with override(language):
                    super(ForgottenForm, self).save(*arguments, **options)
            finally:
                connection.close()

        threading.Thread(target=send, name="password-reset").start()


class ForgottenPassword(PasswordResetView):
    """Asks for an e-mail address, or says whom to ask where no e-mail is sent."""

    form_class = ForgottenForm
    template_name = "accounts/forgotten.html"
    email_template_name = "accounts/reset_mail.txt"
    subject_template_name = "accounts/reset_subject.txt"
    success_url = reverse_lazy("reset-sent")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, if there are accounts.

        Raises:
            Http404: there are none.
        """
        if not settings.ACCOUNTS:
            raise Http404
        if not settings.EMAIL_HOST:
            return render(request, self.template_name)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: ForgottenForm) -> HttpResponse:  # type: ignore[override]
        """Send, unless somebody asks too often."""
        address = str(self.request.META.get("REMOTE_ADDR", ""))
        if _count("address", address) > MOST_FOR_ADDRESS:
            form.add_error(None, _("Too many attempts. Wait an hour, then try again."))
            return self.form_invalid(form)
        if _count("email", form.cleaned_data["email"]) > MOST_FOR_EMAIL:
            # no word of it: the answer would tell that something was sent before
            return HttpResponse(status=302, headers={"Location": str(self.success_url)})
        return super().form_valid(form)


class ResetSent(PasswordResetDoneView):
    """Says that a link is on its way, if there is anybody to send one to."""

    template_name = "accounts/reset_sent.html"


def _count(kind: str, value: str) -> int:
    digest = hashlib.sha256(value.strip().casefold().encode()).hexdigest()
    return counts.add(f"reset-{kind}-{digest}", WINDOW_S)
