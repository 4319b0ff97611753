"""Deleting what belongs to somebody: files too, not rows alone."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import transaction

from facetell.web.analyses import artifacts
from facetell.web.analyses.deletion import delete
from facetell.web.analyses.models import Analysis, Batch, Upload


def delete_everything(user: User) -> None:
    """Delete all analyses, uploads and batches of a user."""
    for analysis in Analysis.objects.filter(owner=user):
        delete(analysis)
    for upload in Upload.objects.filter(owner=user):
        upload.delete()
        if upload.file:
            default_storage.delete(upload.file)
    Batch.objects.filter(owner=user).delete()


def delete_account(user: User) -> None:
    """Delete a user and everything of theirs."""
    delete_everything(user)
    sign_out_everywhere(user)
    user.delete()


def sign_out_everywhere(user: User) -> None:
    """End all sessions of a user; sessions of others are read, never changed."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def delete_files_too(instance: User, **_: Any) -> None:
    """Delete the files of a user that is deleted in any way; a receiver of `pre_delete`.

    The rows go with the user. The files go once that is certain: until then it may be undone.
    """
    folders = [analysis.folder for analysis in Analysis.objects.filter(owner=instance)]
    videos = Upload.objects.filter(owner=instance).exclude(file="").values_list("file", flat=True)
    transaction.on_commit(partial(_delete_files, folders, list(videos)))


def _delete_files(folders: list[str], videos: list[str]) -> None:
    for folder in folders:
        artifacts.remove(folder)
    for video in videos:
        default_storage.delete(video)
