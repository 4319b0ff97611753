"""`facetell-web apikey`: makes, lists and revokes keys for the REST API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from facetell.web.accounts.keys import list_keys, make_key, revoke_key
from facetell.web.accounts.models import Scope
from facetell.web.accounts.people import sole_user


class Command(BaseCommand):
    """Keys for programs."""

    help = "Makes, lists and revokes keys for the REST API."

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("--user", help="whose keys; not needed without accounts")
        actions = parser.add_subparsers(dest="action", required=True)
        make = actions.add_parser("make", help="make a key and show it, this once")
        make.add_argument("name", help="what it is for")
        make.add_argument("--scope", choices=Scope.values, default=Scope.READ.value)
        make.add_argument("--days", type=int, help="how long it is good; for ever if left out")
        actions.add_parser("list", help="list the keys, without the keys themselves")
        revoke = actions.add_parser("revoke", help="make a key worthless")
        revoke.add_argument("id", type=int, help="the number that `list` shows")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 (Django's)
        """Do one action."""
        actions = {"make": self._make, "list": self._list, "revoke": self._revoke}
        actions[options["action"]](_owner(options["user"]), options)

    def _make(self, owner: User, options: dict[str, Any]) -> None:
        days = options["days"]
        if days is not None and days < 1:
            raise CommandError(f"--days is {days}: give 1 or more")
        _, secret = make_key(owner, options["name"], Scope(options["scope"]), days)
        self.stderr.write("Keep this key: it is not shown again.")
        self.stdout.write(secret)

    def _list(self, owner: User, options: dict[str, Any]) -> None:  # noqa: ARG002
        for key in list_keys(owner):
            state = "usable" if key.usable else "revoked" if key.revoked_at else "expired"
            used = key.last_used_at.isoformat(timespec="minutes") if key.last_used_at else "never"
            self.stdout.write(
                f"{key.pk}  {key.prefix}…  {key.scope}  {state}  last used {used}  {key.name}"
            )

    def _revoke(self, owner: User, options: dict[str, Any]) -> None:
        if not revoke_key(owner, options["id"]):
            raise CommandError(f"no usable key has the number {options['id']}; see `list`")
        self.stdout.write(f"key {options['id']} opens nothing any more")


def _owner(name: str | None) -> User:
    if name is None:
        if settings.ACCOUNTS:
            raise CommandError("say whose key: --user NAME")
        return sole_user()
    try:
        return User.objects.get(username=name)
    except User.DoesNotExist:
        raise CommandError(f"there is no user {name!r}") from None
