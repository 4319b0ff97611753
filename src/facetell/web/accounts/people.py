"""The user behind a request: everything that is stored belongs to one."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

SOLE_USER = "me"
"""Name of the only user where there are no accounts."""
GUEST_PREFIX = "guest-"

_sole: dict[str, User] = {}
"""The sole user of each database that this process has asked."""


def sole_user() -> User:
    """Return the only user of an installation without accounts.

    A process asks its database once. A row seen within a transaction is not remembered: the
    transaction may be rolled back.
    """
    database = str(connection.settings_dict["NAME"])
    if database in _sole:
        return _sole[database]
    user, made = User.objects.get_or_create(username=SOLE_USER)
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if not connection.in_atomic_block:
        _sole[database] = user
    return user


def forget_sole_user(**_: Any) -> None:
    """Ask the database again; a receiver of Django's signals about users and migrations."""
    _sole.clear()


def new_guest() -> User:
    """Make a user for a stranger's session; nobody can sign in as one."""
    user = User(username=GUEST_PREFIX + secrets.token_hex(12))
    user.set_unusable_password()
    user.save()
    return user


def is_guest(user: User) -> bool:
    """Whether a user is a stranger with a session of their own."""
    return user.username.startswith(GUEST_PREFIX)


def is_reserved(name: str) -> bool:
    """Whether this program gives a name out itself, so that nobody may choose it.

    >>> is_reserved("Me"), is_reserved("guest-7"), is_reserved("ada")
    (True, True, False)
    """
    folded = name.casefold()
    return folded == SOLE_USER or folded.startswith(GUEST_PREFIX)
