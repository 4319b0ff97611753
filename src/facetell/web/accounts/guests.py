"""What becomes of a guest's things: their owner signs in, or never comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from facetell.web.accounts.leaving import delete_account
from facetell.web.accounts.people import GUEST_PREFIX
from facetell.web.analyses.models import Analysis, Batch, Upload


def move_everything(guest: User, user: User) -> None:
    """Give a guest's uploads, analyses and batches to whoever signed in, and delete the guest.

    A file that both sent is kept once, and it is the user's own.
    """
    dropped = []
    with transaction.atomic():
        Batch.objects.filter(owner=guest).update(owner=user)
        Analysis.objects.filter(owner=guest).update(owner=user)
        for upload in Upload.objects.select_for_update().filter(owner=guest):
            # what is not fetched yet has no hash, and is the same as nothing
            sent = Upload.objects.filter(owner=user).exclude(sha256="")
            same = sent.filter(sha256=upload.sha256).first()
            if same is None:
                Upload.objects.filter(pk=upload.pk).update(owner=user)
                continue
            upload.analyses.update(upload=same)
            if same.file:
                dropped.append(upload.file)
            else:
                Upload.objects.filter(pk=same.pk).update(file=upload.file)
            upload.delete()
        guest.delete()
    for file in filter(None, dropped):
        default_storage.delete(file)


def delete_lost_guests(**_: Any) -> int:
    """Delete guests whose sessions are over, with everything of theirs; return how many went.

    Nobody can come back as one of them: they have no password.
    """
    before = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    old = User.objects.filter(username__startswith=GUEST_PREFIX, date_joined__lt=before)
    if not old.exists():
        return 0
    sessions = Session.objects.filter(expire_date__gt=timezone.now()).iterator()
    present = {session.get_decoded().get("_auth_user_id") for session in sessions}
    lost = [guest for guest in old if str(guest.pk) not in present]
    for guest in lost:
        delete_account(guest)
    return len(lost)
