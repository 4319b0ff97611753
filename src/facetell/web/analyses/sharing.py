"""A result → a signed address under which others may see it for a while.

The address names a row and proves by its signature that this server made it. The row says until
when it holds; to delete the row is to revoke it. Who guesses, comes late or was shut out learns no
more than that there is nothing.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.utils import timezone

from facetell.web.analyses.deletion import deleted_at
from facetell.web.analyses.models import Analysis, ShareLink, Status
from facetell.web.analyses.problems import UnknownSetting
from facetell.wording import Sentence

DAYS = (1, 7, 30)
"""For how long a link may hold."""
_DAYS = ", ".join(map(str, DAYS))

_SALT = "facetell.web.share-link"


def share(analysis: Analysis, days: int, with_video: bool) -> ShareLink:
    """Make a link to a result; it does not outlive what it shows.

    Args:
        analysis: what is shared.
        days: one of `DAYS`.
        with_video: whether the video is shown too.

    Raises:
        UnknownSetting: it cannot hold for so long.
    """
    if days not in DAYS:
        raise UnknownSetting(
            Sentence("a link cannot hold for {given} days: choose {days}", given=days, days=_DAYS)
        )
    ends = [timezone.now() + timedelta(days=days), deleted_at(analysis)]
    expires_at = min(moment for moment in ends if moment is not None)
    return analysis.share_links.create(expires_at=expires_at, with_video=with_video)


def links_of(analysis: Analysis) -> QuerySet[ShareLink]:
    """Return the links to a result that still hold."""
    return analysis.share_links.filter(expires_at__gt=timezone.now())


def token_of(link: ShareLink) -> str:
    """Return what stands in the address of a link."""
    return _signer().sign(link.pk.hex)


def link_of(token: str) -> ShareLink | None:
    """Return the link that a token stands for; None if it is no token of ours or holds no more."""
    try:
        link_id = UUID(hex=_signer().unsign(token))
    except (BadSignature, ValueError):
        return None
    return (
        ShareLink.objects.select_related("analysis__upload", "analysis__result")
        .filter(pk=link_id, expires_at__gt=timezone.now(), analysis__status=Status.DONE)
        .first()
    )


def _signer() -> Signer:
    # made at each call: the key belongs to the settings, which tests change
    return Signer(salt=_SALT, sep=".")
