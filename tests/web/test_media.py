from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import AsyncClient, Client

from facetell.web.analyses.deletion import delete_video
from facetell.web.analyses.models import Analysis, Upload
from facetell.web.pages import ranges
from facetell.web.pages.sniffing import media_type
from tests.web.conftest import SAMPLE

pytestmark = pytest.mark.django_db
BYTES = SAMPLE.read_bytes()
SIZE = len(BYTES)


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_it_sends_the_whole_video(client: Client, own: Analysis) -> None:
    answer = client.get(f"/analyses/{own.id}/video")
    assert (answer.status_code, body(answer)) == (200, BYTES)
    assert answer["content-type"] == "video/mp4"
    assert answer["content-length"] == str(SIZE)
    assert answer["accept-ranges"] == "bytes"
    assert answer["x-content-type-options"] == "nosniff"
    assert answer["content-disposition"] == 'inline; filename="sample.mp4"'
    assert "private" in answer["cache-control"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-50", SIZE - 50, SIZE - 1),
        (f"bytes=0-{SIZE * 2}", 0, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
        ("BYTES = 7-7", 7, 7),
    ],
)
def test_it_sends_a_part(client: Client, own: Analysis, asked: str, first: int, last: int) -> None:
    answer = client.get(f"/analyses/{own.id}/video", headers={"range": asked})
    assert (answer.status_code, body(answer)) == (206, BYTES[first : last + 1])
    assert answer["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer["content-length"] == str(last - first + 1)


@pytest.mark.parametrize(
    "asked",
    [f"bytes={SIZE}-", "bytes=9-2", "bytes=-0", "bytes=-", "bytes=x-y", "bytes=" + "9" * 99],
)
def test_it_refuses_a_part_that_is_not_there(client: Client, own: Analysis, asked: str) -> None:
    answer = client.get(f"/analyses/{own.id}/video", headers={"range": asked})
    assert (answer.status_code, answer["content-range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=0-1,4-5"])
def test_it_passes_over_ranges_that_it_does_not_do(
    client: Client, own: Analysis, asked: str
) -> None:
    answer = client.get(f"/analyses/{own.id}/video", headers={"range": asked})
    assert (answer.status_code, body(answer)) == (200, BYTES)


def test_it_sends_all_of_a_file_that_is_another_by_now(client: Client, own: Analysis) -> None:
    address = f"/analyses/{own.id}/video"
    tag = f'"{own.upload.sha256}"'
    for sent, status in ((tag, 206), ('"older"', 200)):
        answer = client.get(address, headers={"range": "bytes=0-9", "if-range": sent})
        assert answer.status_code == status
        assert len(body(answer)) == (10 if status == 206 else SIZE)
    assert client.get(address, headers={"if-none-match": tag}).status_code == 304


def test_it_tells_the_size_without_the_bytes(client: Client, own: Analysis) -> None:
    answer = client.head(f"/analyses/{own.id}/video")
    assert (answer["content-length"], answer.content) == (str(SIZE), b"")


def test_an_async_server_streams_it(own: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "PIECE_BYTES", 100_000)

    async def pieces() -> list[bytes]:
        answer = await AsyncClient().get(
            f"/analyses/{own.id}/video", headers={"range": f"bytes=1-{SIZE - 1}"}
        )
        assert answer.status_code == 206
        return [piece async for piece in answer.streaming_content]  # type: ignore[attr-defined]

    found = async_to_sync(pieces)()
    assert b"".join(found) == BYTES[1:]
    assert len(found) == -(-(SIZE - 1) // 100_000)


def test_nobody_else_sees_them(client: Client, done: Analysis, bob: User) -> None:
    for analysis_id in (done.id, uuid.uuid4()):
        assert client.get(f"/analyses/{analysis_id}/video").status_code == 404


def test_a_deleted_video_is_not_there(client: Client, own: Analysis) -> None:
    delete_video(own.upload)
    assert client.get(f"/analyses/{own.id}/video").status_code == 404


def test_a_page_that_came_as_a_video_is_only_saved(client: Client, own: Analysis) -> None:
    Path(default_storage.path(own.upload.file)).write_bytes(b"<html><script>alert(1)</script>")
    Upload.objects.update(name='a"\r\nb\u00e9.html')
    answer = client.get(f"/analyses/{own.id}/video")
    body(answer)
    assert answer["content-type"] == "application/octet-stream"
    assert answer["content-disposition"].startswith("attachment; ")
    assert "\n" not in answer["content-disposition"]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0AVI LIST", "application/octet-stream"),
        (b"\0\0\0\x14ftypqt  ", "video/mp4"),
        (b"\0\0\0\x1cftypheic", "image/heic"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "video/matroska"),
        (b"OggS\0", "video/ogg"),
        (b"<svg xmlns=", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_it_tells_types_by_their_bytes(head: bytes, name: str) -> None:
    assert media_type(head) == name
