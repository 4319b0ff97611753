"""Who can reach this server, and whether it may be so.

Without accounts whoever reaches the server is its sole user. So it answers its own machine only,
unless the operator says that it is open: `facetell serve` asks before it binds an address,
Django's system check looks at the settings, and `is_near` at each request, for servers that were
started in another way. A published port of a container is another address, too.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.http import HttpRequest

from facetell.errors import UsageError

_WAYS_OUT = (
    "set FACETELL_ACCOUNTS=1 so that people sign in, or FACETELL_OPEN=1 if everybody who reaches "
    "it may see, make and delete everything"
)


def is_loopback(host: str) -> bool:
    """Whether an address or host name is this machine and nobody else can reach it.

    >>> [is_loopback(h) for h in ("127.0.0.1", "[::1]", "localhost", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    name = host.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761: never another machine
        return True
    try:
        address: IPv4Address | IPv6Address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def require_permission(host: str) -> None:
    """Refuse to listen on an address that others can reach, where nobody has to sign in.

    Raises:
        UsageError: neither accounts nor FACETELL_OPEN are on.
    """
    if not (settings.ACCOUNTS or settings.OPEN or is_loopback(host)):
        raise UsageError(f"{host}: other machines could reach this server; {_WAYS_OUT}")


def open_warning(host: str) -> str:
    """The sentence that a server on this address has to print as it starts; empty if none."""
    if settings.ACCOUNTS or is_loopback(host):
        return ""
    return (
        f"warning: FACETELL_OPEN is set and {host} can be reached from outside: nobody signs in, "
        "and everybody sees everybody's videos and results"
    )


def is_near(request: HttpRequest) -> bool:
    """Whether a request comes from this machine, and not through a proxy for somebody else.

    A server on a Unix socket knows no address.
    """
    address = request.META.get("REMOTE_ADDR") or ""
    forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    return not forwarded and (not address or is_loopback(address))


def check_exposure(**_: Any) -> list[CheckMessage]:
    """Django's system check of the settings about people."""
    found: list[CheckMessage] = []
    outside = [host for host in settings.ALLOWED_HOSTS if not is_loopback(host)]
    if outside and not settings.ACCOUNTS and not settings.OPEN:
        names = ", ".join(outside)
        found.append(
            Error(
                f"FACETELL_ALLOWED_HOSTS has {names}, but nobody signs in",
                _WAYS_OUT,
                id="facetell.E001",
            )
        )
    if settings.OPEN and not settings.ACCOUNTS:
        found.append(
            Caution(
                "FACETELL_OPEN is set: everybody sees everything", _WAYS_OUT, id="facetell.W001"
            )
        )
    if settings.GUESTS and not settings.ACCOUNTS:
        hint = "set FACETELL_ACCOUNTS=1 too: guests are those who have not signed in"
        found.append(Error("FACETELL_GUESTS is set without accounts", hint, id="facetell.E002"))
    if "*" in settings.ALLOWED_HOSTS:
        hint = "name the hosts: with * a page elsewhere can reach this server by DNS rebinding"
        found.append(Caution("FACETELL_ALLOWED_HOSTS is *", hint, id="facetell.W002"))
    return found
