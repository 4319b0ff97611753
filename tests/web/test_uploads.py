from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage

from facetell.web.analyses.models import Upload
from facetell.web.analyses.problems import DiskFull, EmptyUpload, UploadTooLarge, WrongType
from facetell.web.analyses.uploads import keep


def stored() -> list[str]:
    if not default_storage.exists("uploads"):
        return []
    return default_storage.listdir("uploads")[1]


def test_it_stores_the_bytes_and_their_hash(ada: User) -> None:
    upload = keep(ada, [b"ab", b"cd"], "C:\\clips\\a.mp4")
    with default_storage.open(upload.file) as file:
        assert file.read() == b"abcd"
    assert upload.sha256 == hashlib.sha256(b"abcd").hexdigest()
    assert (upload.name, upload.size_bytes) == ("a.mp4", 4)


def test_it_keeps_a_file_sent_twice_once(ada: User) -> None:
    first, second = keep(ada, [b"abcd"], "a.mp4"), keep(ada, [b"abcd"], "b.mp4")
    assert first.pk == second.pk
    assert second.name == "b.mp4"
    assert len(stored()) == 1


def test_it_keeps_two_peoples_files_apart(ada: User, bob: User) -> None:
    assert keep(ada, [b"abcd"], "a.mp4").pk != keep(bob, [b"abcd"], "a.mp4").pk
    assert len(stored()) == 2


def test_it_stores_anew_what_was_deleted(ada: User) -> None:
    upload = keep(ada, [b"abcd"], "a.mp4")
    default_storage.delete(upload.file)
    again = keep(ada, [b"abcd"], "a.mp4")
    assert again.pk == upload.pk
    assert default_storage.exists(again.file)


def test_it_refuses_too_many_bytes_and_leaves_nothing(ada: User, settings) -> None:  # type: ignore[no-untyped-def]
    settings.MAX_UPLOAD_BYTES = 3
    with pytest.raises(UploadTooLarge, match=r"a\.mp4: more than"):
        keep(ada, [b"ab", b"cd"], "a.mp4")
    assert not stored()
    assert not Upload.objects.exists()


def test_it_leaves_nothing_of_a_broken_upload(ada: User) -> None:
    def broken() -> Iterator[bytes]:
        yield b"ab"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        keep(ada, broken(), "a.mp4")
    assert not stored()


def test_it_says_that_the_disk_is_full(ada: User) -> None:
    def full() -> Iterator[bytes]:
        yield b"ab"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFull, match="no room left"):
        keep(ada, full(), "a.mp4")
    assert not stored()


@pytest.mark.parametrize(
    ("name", "problem"), [("a.pdf", WrongType), ("a.mp4", EmptyUpload), ("a", EmptyUpload)]
)
def test_it_refuses(ada: User, name: str, problem: type[Exception]) -> None:
    with pytest.raises(problem, match=r"^a"):
        keep(ada, [], name)
    assert not stored()
