"""Buckets and servers, on a server of our own that speaks HTTP and as much of S3 as is needed."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import pytest

from facetell.batch.backoff import patiently
from facetell.batch.inputs import find_remote, read_list
from facetell.batch.storage import is_remote, local_copy, understood
from facetell.errors import (
    InputChanged,
    InputNotFound,
    InputUnreadable,
    MissingDependency,
    NotMedia,
    SourceDenied,
    SourceUnreachable,
)

WITHOUT_WAITING = (0.0, 0.0)


class Bucket(http.server.BaseHTTPRequestHandler):
    """Serves `objects`, by path-style S3 and by plain HTTP; `answers` come first, once each.

    `announced` is the size that is said before anything is sent, where it is not the true one.
    """

    objects: ClassVar[dict[str, bytes]]
    answers: ClassVar[list[tuple[int, bytes]]]
    announced: ClassVar[int] = 0
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(head=True)

    def do_GET(self) -> None:
        self._answer(head=False)

    def _answer(self, head: bool) -> None:
        place = urlsplit(self.path)
        key = place.path.lstrip("/")
        if self.answers:
            self._send(*self.answers.pop(0), head)
        elif "list-type" in (asked := parse_qs(place.query)):
            self._send(200, self._listing(key.rstrip("/"), asked), head)
        elif key in self.objects:
            self._send(200, self.objects[key], head)
        else:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>", head)

    def _listing(self, bucket: str, asked: dict[str, list[str]]) -> bytes:
        prefix, delimiter = asked.get("prefix", [""])[0], asked.get("delimiter", [""])[0]
        keys = [key.removeprefix(f"{bucket}/") for key in self.objects]
        inside = [key for key in keys if key.startswith(prefix)]
        rest = {key: key.removeprefix(prefix) for key in inside}
        folders = {prefix + r.split("/")[0] + "/" for r in rest.values() if delimiter and "/" in r}
        files = [key for key in inside if not (delimiter and "/" in rest[key])]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[f'{bucket}/{key}'])}</Size>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>e</ETag></Contents>"
            for key in files
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in folders
        )
        return (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{bucket}</Name><IsTruncated>false</IsTruncated>{contents}{common}"
            "</ListBucketResult>"
        ).encode()

    def _send(self, status: int, body: bytes, head: bool) -> None:
        self.send_response(status)
        size = self.announced if head and self.announced else len(body)
        self.send_header("Content-Length", str(size))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if not head:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def bucket() -> Iterator[tuple[type[Bucket], str]]:
    """The server's handler, to fill, and its address."""
    pytest.importorskip("aiohttp", reason="the extra cloud is not installed")

    class Filled(Bucket):
        objects: ClassVar[dict[str, bytes]] = {}
        answers: ClassVar[list[tuple[int, bytes]]] = []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Filled)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield Filled, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def s3(bucket: tuple[type[Bucket], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    """The same as S3, where s3fs finds it without being told by us."""
    s3fs = pytest.importorskip("s3fs", reason="the extra cloud is not installed")
    for name, value in {
        "AWS_ENDPOINT_URL": bucket[1],
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3fs.core.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    yield bucket[0]
    s3fs.S3FileSystem.clear_instance_cache()


def test_it_lists_and_fetches_a_bucket(s3: type[Bucket], tmp_path: Path) -> None:
    s3.objects |= {
        "videos/in/b.mp4": b"b",
        "videos/in/a/c.MOV": b"cc",
        "videos/in/notes.txt": b"",
        "videos/in/.hidden/d.mp4": b"",
        "videos/other/e.mp4": b"",
    }
    found = list(find_remote("s3://videos/in/"))
    assert sorted(found) == ["s3://videos/in/a/c.MOV", "s3://videos/in/b.mp4"]
    with local_copy("s3://videos/in/a/c.MOV", str(tmp_path)) as copy:
        assert copy.read_bytes() == b"cc"
        assert copy.suffix == ".MOV"
    assert list(tmp_path.iterdir()) == []


def test_it_says_that_credentials_have_expired(s3: type[Bucket]) -> None:
    expired = b"<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>"
    s3.answers += [(403, expired)] * 5
    with pytest.raises(SourceDenied, match=r"s3://videos/in/.*renew them"):
        list(find_remote("s3://videos/in/"))


def test_it_says_that_an_object_is_gone(s3: type[Bucket]) -> None:
    with (
        pytest.raises(InputNotFound, match=r"s3://videos/gone\.mp4: no such object"),
        local_copy("s3://videos/gone.mp4", waits_s=WITHOUT_WAITING),
    ):
        pass


def test_an_empty_prefix_is_told(s3: type[Bucket]) -> None:
    s3.objects["videos/in/notes.txt"] = b""
    with pytest.raises((NotMedia, InputNotFound), match="s3://videos/in/"):
        list(find_remote("s3://videos/in/"))


def test_it_reads_a_list_from_a_server(bucket: tuple[type[Bucket], str]) -> None:
    bucket[0].objects["list.csv"] = b"uri\nhttps://host/a.mp4\n"
    assert list(read_list(f"{bucket[1]}/list.csv")) == ["https://host/a.mp4"]


def test_it_tries_again_when_a_server_is_overloaded(bucket: tuple[type[Bucket], str]) -> None:
    bucket[0].objects["a.mp4"] = b"video"
    bucket[0].answers += [(503, b"")] * 2
    with local_copy(f"{bucket[1]}/a.mp4", waits_s=(0.0,) * 4) as copy:
        assert copy.read_bytes() == b"video"


def test_it_refuses_part_of_an_object(bucket: tuple[type[Bucket], str]) -> None:
    bucket[0].objects["a.mp4"] = b"video"
    bucket[0].announced = 900
    with (
        pytest.raises(InputChanged, match=r"5 of 900 bytes came.*still being uploaded"),
        local_copy(f"{bucket[1]}/a.mp4", waits_s=WITHOUT_WAITING),
    ):
        pass


def test_it_says_that_a_server_is_not_there() -> None:
    pytest.importorskip("aiohttp", reason="the extra cloud is not installed")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with (
        pytest.raises(SourceUnreachable, match=r"a\.mp4: .*check address and network"),
        local_copy(f"http://127.0.0.1:{port}/a.mp4", waits_s=WITHOUT_WAITING),
    ):
        pass


def test_it_says_what_to_install() -> None:
    error = ImportError("Install gcsfs")
    told = understood(error, "gs://bucket/")
    assert isinstance(told, MissingDependency)
    assert "facetell[cloud]" in str(told)


class NoCredentialsError(Exception):
    """Named as that of botocore."""


class RefreshError(Exception):
    """Named as that of google.auth."""


class ServiceRequestError(Exception):
    """Named as that of azure.core."""


class HttpResponseError(Exception):
    """As that of azure.core."""

    status_code = 409


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NoCredentialsError("Unable to locate credentials"), SourceDenied),
        (RefreshError("invalid_grant"), SourceDenied),
        (PermissionError("Forbidden"), SourceDenied),
        (ServiceRequestError("cannot connect"), SourceUnreachable),
        (TimeoutError(), SourceUnreachable),
        (ConnectionResetError("reset"), SourceUnreachable),
        (FileNotFoundError("k"), InputNotFound),
        (HttpResponseError("conflict"), InputUnreadable),
    ],
)
def test_errors_of_all_clouds_are_understood(error: Exception, kind: type) -> None:
    told = understood(error, "az://box/a.mp4")
    assert type(told) is kind
    assert "az://box/a.mp4" in str(told)


def test_it_waits_longer_each_time_and_then_gives_up() -> None:
    waited: list[float] = []

    def fail() -> None:
        raise SourceUnreachable("silent")

    with pytest.raises(SourceUnreachable):
        patiently(fail, (1.0, 4.0), waited.append)
    assert 1 <= waited[0] <= 1.5
    assert 4 <= waited[1] <= 6


def test_it_does_not_wait_for_what_does_not_pass() -> None:
    def fail() -> None:
        raise SourceDenied("no")

    with pytest.raises(SourceDenied):
        patiently(fail, sleep=lambda _: pytest.fail("waited"))


def test_a_local_file_is_not_copied(tmp_path: Path) -> None:
    with local_copy(str(tmp_path / "a.mp4")) as path:
        assert path == tmp_path / "a.mp4"
    assert not is_remote("/a://b")
