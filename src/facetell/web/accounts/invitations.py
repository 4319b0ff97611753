"""Invitations: links by which new people make an account of their own, each good once.

The address names a row and proves by its signature that this server made it: whoever reads the
database alone can invite nobody.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from facetell.web.accounts.forms import JoinForm
from facetell.web.accounts.models import Invitation

DAYS = 7
"""For how long an invitation holds."""


def invite(by: User) -> Invitation:
    """Make an invitation."""
    return Invitation.objects.create(by=by, expires_at=timezone.now() + timedelta(days=DAYS))


def open_invitations() -> QuerySet[Invitation]:
    """Return those that still hold and were not accepted, the newest first."""
    return Invitation.objects.select_related("by").filter(expires_at__gt=timezone.now())


def token_of(invitation: Invitation) -> str:
    """Return what stands in the address of an invitation."""
    return _signer().sign(invitation.pk.hex)


def invitation_of(token: str) -> Invitation | None:
    """Return the invitation that a token stands for; None if it holds no more or never was."""
    try:
        found = UUID(hex=_signer().unsign(token))
    except (BadSignature, ValueError):
        return None
    return open_invitations().filter(pk=found).first()


def accept(invitation: Invitation, form: JoinForm) -> User | None:
    """Make the account that a valid form describes; None if somebody else was faster."""
    with transaction.atomic():
        # the row goes first: of two who send the form at once, one finds nothing to delete
        deleted, _ = Invitation.objects.filter(pk=invitation.pk).delete()
        return form.save() if deleted else None


def forget_old_invitations(**_: object) -> None:
    """Delete those that hold no more; a receiver of `keeper.tidying`."""
    Invitation.objects.filter(expires_at__lte=timezone.now()).delete()


def _signer() -> Signer:
    # made at each call: the key belongs to the settings, which tests change
    return Signer(salt="facetell.web.invitation", sep=".")
