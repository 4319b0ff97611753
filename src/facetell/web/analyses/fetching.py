"""An address that somebody gave in a file's stead → the file, fetched by the worker.

A request only checks the address and queues: a large video may take minutes. What comes is stored,
hashed and limited as an upload is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from facetell.web.analyses.addresses import checked
from facetell.web.analyses.deletion import delete_unused
from facetell.web.analyses.leases import Lease, LeaseLost
from facetell.web.analyses.models import Upload
from facetell.web.analyses.problems import FetchFailed, UploadTooLarge
from facetell.web.analyses.uploads import checked_name, keep
from facetell.web.outbound.client import Answer, Client, Unreachable
from facetell.web.outbound.targets import BadAddress, Target
from facetell.wording import Sentence, said

STEP_S = 20.0
"""Longest wait for the next bytes."""
WHOLE_S = 1800.0
"""Longest that one download may take."""
MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "facetell", "Accept": "*/*", "Accept-Encoding": "identity"}
Report = Callable[[str, int, None], None]


def expect(owner: User, address: str) -> Upload:
    """Note that a file is to be fetched; nothing is called yet.

    Raises:
        AddressRefused: it is no address, or none of a place that this server may call.
        WrongType: its path ends like no video's or picture's.
    """
    target = checked(address, settings.URL_PLACES)
    name = checked_name(unquote(PurePosixPath(urlsplit(target.path).path).name))
    return Upload.objects.create(owner=owner, name=name, size_bytes=0, url=str(target))


def bring(awaited: Upload, lease: Lease, report: Report) -> None:
    """Fetch a file, and put it into an analysis in the stead of what was awaited.

    Args:
        awaited: what `expect` made.
        lease: of the analysis.
        report: told after each piece; what it raises ends the download.

    Raises:
        FetchFailed: no whole file came.
        Problem: it cannot be kept, as for `uploads.keep`.
        LeaseLost: another worker has the analysis.
    """
    kept = fetch(awaited, report)
    try:
        with transaction.atomic():
            # locked, so that it is not deleted with another analysis of it at this moment
            locked = Upload.objects.select_for_update().filter(pk=kept.pk).exclude(file="").first()
            if locked is None:
                raise FetchFailed(
                    Sentence(
                        "{name}: it was deleted while it came; ask for it again", name=kept.name
                    )
                )
            lease.renew(upload=locked)
    except LeaseLost:
        delete_unused(kept)
        raise
    delete_unused(awaited)


def fetch(awaited: Upload, report: Report) -> Upload:
    """Download a file and store it.

    Raises:
        FetchFailed: no whole file came.
        Problem: it cannot be kept, as for `uploads.keep`.
    """
    client, until_s = _client(), time.monotonic() + WHOLE_S
    try:
        target = Target.read(awaited.url)
        for _ in range(MOST_REDIRECTS + 1):
            report("opening", 0, None)
            hop = replace(client, whole_s=max(until_s - time.monotonic(), 1.0))
            with hop.request("GET", target, _HEADERS) as answer:
                if answer.status not in _REDIRECTS:
                    _check(answer, awaited.name)
                    return keep(awaited.owner, _told(answer, report), awaited.name)
                target = _redirected(target, answer)
    except (Unreachable, BadAddress) as error:
        raise FetchFailed(
            Sentence("{name} could not be fetched: {reason}", name=awaited.name, reason=said(error))
        ) from error
    raise FetchFailed(
        Sentence("{name} could not be fetched: it is redirected without end", name=awaited.name)
    )


def _redirected(target: Target, answer: Answer) -> Target:
    """Where an answer sends on."""
    try:
        address = urljoin(str(target), answer.headers.get("location", ""))
    except ValueError as error:
        raise BadAddress(Sentence("no address: {reason}", reason=error)) from None
    return Target.read(address)


def _client() -> Client:
    return Client(settings.URL_PLACES, STEP_S, WHOLE_S)


def _check(answer: Answer, name: str) -> None:
    """Refuse what is no file, or too large already by its own words."""
    if answer.status != HTTPStatus.OK:
        raise FetchFailed(
            Sentence(
                "{name} could not be fetched: its server answers {status}",
                name=name,
                status=answer.status,
            )
        )
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise FetchFailed(
            Sentence("{name} could not be fetched: its server packs it, unasked", name=name)
        )
    limit = settings.MAX_UPLOAD_BYTES
    length = answer.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise UploadTooLarge(
            Sentence(
                "{name}: more than {most} MB; give a shorter video",
                name=name,
                most=limit // 1024**2,
            )
        )


def _told(answer: Answer, report: Report) -> Iterator[bytes]:
    for chunk in answer.chunks:
        report("opening", 0, None)
        yield chunk
