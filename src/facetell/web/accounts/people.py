"""The user behind a request: everything that is stored belongs to one."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import User

SOLE_USER = "me"
"""Name of the only user where there are no accounts."""
GUEST_PREFIX = "guest-"


def sole_user() -> User:
    """Return the only user of an installation without accounts."""
    user, made = User.objects.get_or_create(username=SOLE_USER)
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def new_guest() -> User:
    """Make a user for a stranger's session; nobody can sign in as one."""
    user = User(username=GUEST_PREFIX + secrets.token_hex(12))
    user.set_unusable_password()
    user.save()
    return user


def is_guest(user: User) -> bool:
    """Whether a user is a stranger with a session of their own."""
    return user.username.startswith(GUEST_PREFIX)
