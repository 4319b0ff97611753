"""An address that somebody sends → a target that this server may call, or a problem."""

from __future__ import annotations

from collections.abc import Collection

from facetell.web.analyses.problems import AddressRefused
from facetell.web.outbound.targets import BadAddress, Place, Target


def checked(address: str, allowed: Collection[Place]) -> Target:
    """Take an address apart; nothing is called, and no name is looked up.

    Raises:
        AddressRefused: it is no address, or none of an allowed place.
    """
    try:
        target = Target.read(address)
        target.require(allowed)
    except BadAddress as error:
        raise AddressRefused(f"url: {error}") from None
    return target
