"""`facetell-web resetlink`: prints the link by which somebody sets a new password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from facetell.web.accounts.admission import reset_path


class Command(BaseCommand):
    """For who forgot the password where no e-mail is sent."""

    help = "Prints the link by which somebody sets a new password, good once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("name", help="the user name, or the e-mail address")
        parser.add_argument(
            "--site",
            default=_site(),
            metavar="URL",
            help="where people reach this server (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 (Django's)
        """Print the link."""
        user = _user(options["name"])
        days = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
        self.stderr.write(f"For {user.username}, good once, for {days} days:")
        self.stdout.write(options["site"].rstrip("/") + reset_path(user))


def _user(name: str) -> User:
    """Return who has a name, or else an e-mail address."""
    active = User.objects.filter(is_active=True)
    found = active.filter(username=name) or active.filter(email__iexact=name).exclude(email="")
    if len(found) != 1:
        how_many = "several users have" if found else "no user who may sign in has"
        raise CommandError(f"{how_many} the name or e-mail address {name!r}")
    return found[0]


def _site() -> str:
    if settings.CSRF_TRUSTED_ORIGINS:
        return str(settings.CSRF_TRUSTED_ORIGINS[0])
    if settings.BEHIND_TLS:
        return f"https://{settings.ALLOWED_HOSTS[0]}"
    return "http://127.0.0.1:8000"
