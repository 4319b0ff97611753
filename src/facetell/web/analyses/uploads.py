"""Bytes from a request → a stored file, hashed on the way, and its row.

A file is written under a name of our own, never the sender's; what is left of a broken upload is
removed at once.
"""

from __future__ import annotations

import errno
import hashlib
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import IO, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from facetell.options import MEDIA_SUFFIXES
from facetell.web.analyses.models import Upload
from facetell.web.analyses.problems import DiskFull, EmptyUpload, UploadTooLarge, WrongType
from facetell.wording import Sentence

LONGEST_NAME = 200


def keep(owner: User, chunks: Iterable[bytes], name: str) -> Upload:
    """Store a file that somebody sent; a file they sent before is not stored twice.

    Args:
        owner: whose it is.
        chunks: its bytes, in pieces.
        name: as the sender calls it; only for people to read.

    Raises:
        WrongType: its ending is none of a video's or picture's.
        EmptyUpload: there are no bytes.
        UploadTooLarge: there are more than `settings.MAX_UPLOAD_BYTES`.
        DiskFull: they don't fit.
    """
    shown = checked_name(name)
    incoming = _Incoming(chunks, shown)
    stored = f"uploads/{uuid.uuid4()}"
    try:
        default_storage.save(stored, cast("File[bytes]", incoming))
        return _row(owner, shown, stored, incoming)
    except BaseException as error:
        default_storage.delete(stored)
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(
                Sentence("{name}: no room left on the server; try again later", name=shown)
            ) from error
        raise


def clean_name(name: str) -> str:
    r"""Return a name without folders, control and direction characters, of bearable length.

    >>> clean_name("../../etc/pass\x00wd.mp4"), clean_name("a\u202egpj.mp4"), clean_name("")
    ('passwd.mp4', 'agpj.mp4', 'unnamed')
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip()
    if len(plain) > LONGEST_NAME:
        suffix = PurePosixPath(plain).suffix[:16]
        plain = plain[: LONGEST_NAME - len(suffix)] + suffix
    return plain if plain.strip(".") else "unnamed"  # ".." is a folder to whoever saves it


def checked_name(name: str) -> str:
    """Return the clean name of a file whose ending is a video's or picture's, or none.

    Raises:
        WrongType: it is another.
    """
    shown = clean_name(name)
    suffix = PurePosixPath(shown).suffix.lower()
    if suffix and suffix not in MEDIA_SUFFIXES:
        known = " ".join(sorted(MEDIA_SUFFIXES))
        raise WrongType(
            Sentence(
                "{name}: {suffix} is no video or picture that can be read; send {known}",
                name=shown,
                suffix=suffix,
                known=known,
            )
        )
    return shown


def _row(owner: User, name: str, stored: str, incoming: _Incoming) -> Upload:
    """Note the file; if its owner sent it before, keep what is there and drop this one."""
    with transaction.atomic():
        upload, made = Upload.objects.select_for_update().get_or_create(
            owner=owner,
            sha256=incoming.sha256,
            defaults={"name": name, "size_bytes": incoming.size, "file": stored},
        )
        if made:
            return upload
        if upload.file and default_storage.exists(upload.file):
            default_storage.delete(stored)
        else:
            upload.file = stored
        upload.name = name
        upload.save(update_fields=["file", "name"])
    return upload


class _Incoming(File):  # type: ignore[type-arg]
    """The pieces as a file that a storage can save: counted, hashed and limited on the way."""

    def __init__(self, chunks: Iterable[bytes], name: str) -> None:
        super().__init__(cast("IO[bytes]", None), name)
        self._pieces = chunks
        self._hash = hashlib.sha256()
        self.size = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:  # noqa: ARG002 (Django's)
        """Yield the pieces as they come."""
        limit = settings.MAX_UPLOAD_BYTES
        for piece in self._pieces:
            self.size += len(piece)
            if self.size > limit:
                raise UploadTooLarge(
                    Sentence(
                        "{name}: more than {most} MB; send a shorter stretch, or use the command "
                        "line, which has no limit",
                        name=self.name,
                        most=limit // 1024**2,
                    )
                )
            self._hash.update(piece)
            yield piece
        if not self.size:
            raise EmptyUpload(
                Sentence("{name}: empty, or it did not arrive whole; send it again", name=self.name)
            )

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
