"""Sign in, the account page, and leaving with everything."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from facetell.web.accounts.forms import EmailForm, SignInForm
from facetell.web.accounts.gate import MODEL_BACKEND
from facetell.web.accounts.guests import move_everything
from facetell.web.accounts.leaving import delete_account, delete_everything, sign_out_everywhere
from facetell.web.accounts.people import is_guest
from facetell.web.analyses.models import Analysis


class SignIn(LoginView):
    """The sign-in page; it tells an operator without any user how to make the first."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm

    @property
    def redirect_authenticated_user(self) -> bool:  # type: ignore[override]
        """Whether there is nothing to do here; a guest may still sign in."""
        return not _is_guest(self.request)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in; what somebody did as a guest before stays theirs."""
        take_over(self.request, form.get_user())
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether there is anybody who could sign in."""
        active = User.objects.filter(is_active=True)
        nobody = not active.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()
        return super().get_context_data(nobody=nobody, guests=settings.GUESTS, **kwargs)


class SetPassword(PasswordResetConfirmView):
    """Where a link leads that was sent or given: somebody sets a password, and is signed in."""

    template_name = "accounts/set_password.html"
    post_reset_login = True
    post_reset_login_backend = MODEL_BACKEND
    success_url = reverse_lazy("upload")

    def form_valid(self, form: Any) -> HttpResponse:
        """Set it and sign in; what somebody did as a guest before stays theirs."""
        take_over(self.request, cast(User, self.user))
        return super().form_valid(form)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Show the form, or that the link is no longer good."""
        status = 200 if context["validlink"] else 410
        return super().render_to_response(context, status=status, **kwargs)


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """The account page; POST changes the password.

    Raises:
        Http404: there are no accounts.
    """
    require_accounts()
    user = cast(User, request.user)
    form = PasswordChangeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        messages.success(request, _("Your password was changed; other browsers are signed out."))
        return redirect("account")
    count = Analysis.objects.filter(owner=user).count()
    shown = {"form": form, "count": count, "guest": is_guest(user)}
    return render(request, "accounts/account.html", shown)


@login_required
@sensitive_post_parameters("password")
def email(request: HttpRequest) -> HttpResponse:
    """Change the e-mail address to which a link is sent if the password is forgotten.

    Raises:
        Http404: there are no accounts, or it is a guest's.
    """
    require_accounts()
    user = cast(User, request.user)
    if is_guest(user):
        raise Http404
    form = EmailForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user.email = form.cleaned_data["email"]
        user.save(update_fields=["email"])
        messages.success(request, _("Your e-mail address was changed."))
        return redirect("account")
    return render(request, "accounts/email.html", {"form": form})


@login_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Delete all analyses, or the account with them; asked for twice."""
    require_accounts()
    user, what = cast(User, request.user), request.POST.get("what", "")
    if what == "sessions":
        sign_out_everywhere(user)
        return redirect("sign-in")
    if what not in {"analyses", "account"}:
        raise Http404
    if request.POST.get("confirmed") != "1":
        count = Analysis.objects.filter(owner=user).count()
        return render(request, "accounts/leave.html", {"what": what, "count": count})
    if what == "account":
        logout(request)
        delete_account(user)
        return redirect("sign-in")
    delete_everything(user)
    messages.success(request, _("All your analyses and videos were deleted."))
    return redirect("account")


def take_over(request: HttpRequest, user: User) -> None:
    """Give what somebody did as a guest to the user whom they turn out to be."""
    if _is_guest(request):
        move_everything(User.objects.get(username=request.user.get_username()), user)


def _is_guest(request: HttpRequest) -> bool:
    return request.user.is_authenticated and is_guest(request.user)


def require_accounts() -> None:
    """Raise Http404 where there are no accounts."""
    if not settings.ACCOUNTS:
        raise Http404
