"""Where videos lie → local files: this machine's disks, or buckets and servers through fsspec.

Buckets and servers are copied whole before they are analysed: a video is read from both ends and
hashed. What the libraries of the clouds raise becomes an error of ours, which says what to do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, TypeVar, cast

from facetell.batch.backoff import WAITS_S, patiently
from facetell.errors import (
    FacetellError,
    InputChanged,
    InputNotFound,
    InputUnreadable,
    MissingDependency,
    SourceDenied,
    SourceUnreachable,
)
from facetell.options import MEDIA_SUFFIXES

Result = TypeVar("Result")

# Told by name, since none of these libraries needs to be installed: botocore, google.auth, azure.
_DENIED = {
    "ClientAuthenticationError",
    "CredentialRetrievalError",
    "DefaultCredentialsError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "RefreshError",
    "TokenRetrievalError",
}
_UNREACHABLE = {
    "ClientConnectionError",
    "ClientPayloadError",
    "EndpointConnectionError",
    "HTTPClientError",
    "ServiceRequestError",
    "ServiceResponseError",
    "TransportError",
}
_EXPIRED = ("expired", "ExpiredToken", "TokenRefreshRequired", "InvalidAccessKeyId")
_TOO_MANY_REQUESTS = 429
_SERVER_FAULT = 500


def is_remote(location: str) -> bool:
    """Whether this is an address and not a path of this machine.

    >>> is_remote("s3://bucket/a.mp4"), is_remote("C:/a.mp4"), is_remote("a.mp4")
    (True, False, False)
    """
    scheme, separator, _ = location.partition("://")
    return bool(separator) and scheme.isalnum()


def list_media(prefix: str) -> Iterator[str]:
    """Yield the addresses of videos and pictures under a prefix, by folder and name.

    Raises:
        InputError: it cannot be listed.
        MissingDependency: fsspec or the library of that cloud is not installed.
    """
    system, root = _asked(prefix, lambda: _filesystem(prefix))
    walk = system.walk(root, on_error="raise", detail=True)
    while (found := _asked(prefix, lambda: next(walk, None))) is not None:
        parent, folders, files = found
        for name in [name for name in folders if name.startswith(".")]:
            del folders[name]  # what is taken out isn't walked
        for name in sorted(files):
            if not name.startswith(".") and PurePosixPath(name).suffix.lower() in MEDIA_SUFFIXES:
                yield system.unstrip_protocol(f"{parent.rstrip('/')}/{name}")


@contextmanager
def opened(location: str) -> Iterator[BinaryIO]:
    """Open a list or table for reading, wherever it lies.

    Raises:
        InputError: it cannot be read.
    """
    if is_remote(location):
        system, path = _asked(location, lambda: _filesystem(location))
        with _asked(location, lambda: cast(BinaryIO, system.open(path, "rb"))) as file:
            yield file
        return
    try:
        file = Path(location).open("rb")  # noqa: SIM115 - closed below, its own errors apart
    except OSError as error:
        raise InputUnreadable(f"{location}: {error.strerror}") from error
    with file:
        yield file


@contextmanager
def local_copy(
    location: str, scratch: str | None = None, waits_s: Sequence[float] = WAITS_S
) -> Iterator[Path]:
    """Have the file on this machine; a copy goes away afterwards.

    Args:
        location: path or address.
        scratch: folder for copies; the system's by default.
        waits_s: between attempts, if the source does not answer or sends only part.

    Raises:
        InputError: it cannot be had.
    """
    if not is_remote(location):
        yield Path(location)
        return
    with tempfile.TemporaryDirectory(prefix="facetell-", dir=scratch) as folder:
        target = Path(folder) / f"video{PurePosixPath(location).suffix[:8]}"
        patiently(partial(_fetch, location, target), waits_s)
        yield target


def _fetch(location: str, target: Path) -> None:
    system, path = _asked(location, lambda: _filesystem(location))
    size = _asked(location, lambda: system.info(path).get("size"))
    _asked(location, lambda: system.get_file(path, str(target)))
    came = target.stat().st_size
    if size is not None and came != size:
        raise InputChanged(f"{location}: {came} of {size} bytes came; is it still being uploaded?")


def _filesystem(location: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ModuleNotFoundError as error:
        raise _missing(location) from error
    # A cached list would hold every object of the bucket in memory, and hide what was added.
    found: tuple[Any, str] = fsspec.url_to_fs(location, use_listings_cache=False)
    return found


def _asked(location: str, question: Callable[[], Result]) -> Result:
    """Ask a file system, and put its error into ours."""
    try:
        return question()
    except FacetellError:
        raise
    # Each cloud's library has exceptions of its own, without a common class.
    except Exception as error:
        raise understood(error, location) from error


def understood(error: Exception, location: str) -> FacetellError:
    """Say in our own terms what went wrong at a source.

    Args:
        error: of fsspec or of a cloud's library.
        location: what was asked for.
    """
    if isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
        return understood(error.__cause__, location)  # fsspec says so of every failure over HTTP
    told = f"{location}: {str(error).strip() or type(error).__name__}"
    names = {kind.__name__ for e in _chain(error) for kind in type(e).__mro__}
    status = next((s for e in _chain(error) if (s := _status(e))), 0)
    if isinstance(error, ImportError):
        return _missing(location)
    if isinstance(error, FileNotFoundError) or status in (404, 410):
        return InputNotFound(f"{location}: no such object")
    if isinstance(error, PermissionError) or status in (401, 403) or names & _DENIED:
        return SourceDenied(f"{told}; {_advice(told)}")
    if (
        isinstance(error, TimeoutError | ConnectionError)
        or names & _UNREACHABLE
        or status == _TOO_MANY_REQUESTS
        or status >= _SERVER_FAULT
    ):
        return SourceUnreachable(f"{told}; check address and network, or try again later")
    return InputUnreadable(told)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _status(error: BaseException) -> int:
    for name in ("status", "status_code", "code"):
        if isinstance(value := getattr(error, name, None), int):
            return value
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return 0


def _advice(told: str) -> str:
    if any(word in told for word in _EXPIRED):
        return "the credentials have expired or are unknown: renew them and start again"
    return "check the credentials and what they may read"


def _missing(location: str) -> MissingDependency:
    scheme = location.partition("://")[0]
    return MissingDependency(f"{scheme}:// needs more: pip install 'facetell[cloud]'")
